"""Graph -> TVM -> two sources: scheduled CUDA with its launches, and self-contained C.

The only unit that knows TVM.
"""
