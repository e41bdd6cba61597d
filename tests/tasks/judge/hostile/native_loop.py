"""Never ends, inside one operation of the interpreter."""


def add(a, b):
    return pow(7, 10**10)
