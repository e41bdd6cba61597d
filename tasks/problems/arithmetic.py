"""How built-in arithmetic is written: the prompt and the worked solution, as a small model reads them best.

Called by `builtin.py`. Steps end in `;`, and a solution ends in the answer. There are no commas, so that no answer
can be read as one number with thousands separators.
"""

from __future__ import annotations

VERSION = 1
"""raised when a prompt or a solution would be another text"""


def write_addition(a: int, b: int) -> tuple[str, str]:
    """Prompt and solution of a sum: columns from the right, the carry as a third summand, then the sum.

    47 and 85 give `47+85=` and `7+5=12;4+8+1=13;132`.
    """
    width = max(len(str(a)), len(str(b)))
    steps: list[str] = []
    carry = 0
    for x, y in zip(reversed(str(a).zfill(width)), reversed(str(b).zfill(width)), strict=True):
        total = int(x) + int(y) + carry
        steps.append(f"{x}+{y}{'+1' if carry else ''}={total}")
        carry = total // 10
    return f"{a}+{b}=", ";".join([*steps, str(a + b)])


def write_multiplication(a: int, b: int) -> tuple[str, str]:
    """Prompt and solution of a product: one product for each digit of b from the right, running sums, the product.

    47 and 85 give `47*85=` and `47*5=235;47*80=3760;235+3760=3995;3995`.
    """
    factors = [int(digit) * 10**place for place, digit in enumerate(reversed(str(b)))]
    steps = [f"{a}*{factor}={a * factor}" for factor in factors]
    total = a * factors[0]
    for factor in factors[1:]:
        steps.append(f"{total}+{a * factor}={total + a * factor}")
        total += a * factor
    return f"{a}*{b}=", ";".join([*steps, str(total)])
