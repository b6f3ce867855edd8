"""Building blocks of published networks, each small enough to read and large enough to matter.

``published`` holds the seven blocks of HPCTransEval at their shapes; ``vision``, ``mobile``,
``language`` and ``sequence`` the rest. Images are [batch, channels, height, width], texts
[batch, positions, width]. Batch norms are in evaluation mode: their statistics are inputs.
"""

from hpctc.families.blocks import (  # noqa: F401  imported for their declarations
    language,
    mobile,
    published,
    sequence,
    vision,
)
