"""Where a host's calibration is kept: the user's cache, one file a host."""

import json
from collections.abc import Mapping
from pathlib import Path

from hpctc.calibrate.roof import Calibration
from hpctc.core.codec import CodecError, content_id, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError
from hpctc.native.host import facts

FOLDER = Path.home() / ".cache" / "hpctc"

SAME = ("cpu", "cores", "isa", "machine")
"""What makes two hosts one; a newer kernel does not change what the processor can do."""


def path(folder: Path | None = None) -> Path:
    """The file of this host."""
    return (folder or FOLDER) / f"roofline-{content_id('Host', _key(facts()))}.json"


def load(folder: Path | None = None) -> Calibration | None:
    """What is known of this host; None where it was never calibrated."""
    file = path(folder)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise HpctcError(f"cannot read {file}: {problem.strerror}") from None
    try:
        return decode(Calibration, json.loads(text))
    except (ValueError, CodecError) as problem:
        raise CorruptRecord(
            f"{file} is no calibration: {problem}", "run: hpctc calibrate"
        ) from None


def save(calibration: Calibration, folder: Path | None = None) -> Path:
    """Keep it for this host; the file is the old one or the new one, never half."""
    file = path(folder)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".part")
        draft.write_text(json.dumps(encode(calibration), indent=1) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError as problem:
        raise HpctcError(f"cannot write {file}: {problem.strerror}") from None
    return file


def _key(host: Mapping[str, str]) -> dict[str, str]:
    return {name: host[name] for name in SAME if name in host}
