"""The rules: one test function per documented fact, a folder per area of PyTorch's documentation."""
