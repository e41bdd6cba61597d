"""Takes memory that it may not have; would be right if it got 4 GiB."""


def add(a, b):
    held = [bytearray(64 * 2**20) for _ in range(64)]
    return a + b if held else None
