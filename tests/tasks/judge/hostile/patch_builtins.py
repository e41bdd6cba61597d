"""Breaks the built-in functions that any code after it uses, whatever becomes of itself."""

import builtins

builtins.isinstance = lambda *rest: True
builtins.type = lambda *rest: builtins.bool
builtins.len = lambda *rest: 0
builtins.min = lambda *rest: 1
builtins.open = lambda *rest: None


def add(a, b):
    return None
