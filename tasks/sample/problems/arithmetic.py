"""How built-in arithmetic is written: the prompt and the worked solution, as a small model reads them best.

Called by `builtin.py`. Steps end in `;`, and a solution ends in the answer. There are no commas, so that no answer
can be read as one number with thousands separators.
"""

from __future__ import annotations

import random

VERSION = 2
"""raised when a prompt or a solution would be another text"""

NOISE_ENDS = 0.3
"""share of the columns of no meaning that look like an end"""


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


def write_columns(a: int, b: int, width: int) -> tuple[str, str, int]:
    """Prompt and solution of a sum as a row of columns from the right, and the number of columns up to its end.

    A column is two digits and a mark: a space before the sum, a comma within it, a full stop at its end. The sum
    begins at any column, and the row is filled up with digits of no meaning on both sides: so a model sees every place
    in use while it learns short sums. The solution has a column below each one up to the end: `00 ` before the sum,
    then each column's sum with the carry. 47 and 85 in a row of 4 may give `31 75,48.90,=` and `00 12,13.`.
    """
    noise = random.Random(f"columns {a} {b} {width}")
    length = max(len(str(a)), len(str(b)))
    columns = list(zip(reversed(str(a).zfill(length)), reversed(str(b).zfill(length)), strict=True))
    start = noise.randrange(width - length + 1)
    prompt = "".join(f"{_two_digits(noise)} " for _ in range(start))
    solution = "00 " * start
    carry = 0
    for place, (x, y) in enumerate(columns):
        mark = "." if place == length - 1 else ","
        total = int(x) + int(y) + carry
        carry = total // 10
        prompt += f"{x}{y}{mark}"
        solution += f"{total:02d}{mark}"
    for _ in range(width - length - start):
        prompt += _two_digits(noise) + ("." if noise.random() < NOISE_ENDS else ",")
    return f"{prompt}=", solution, start + length


def _two_digits(noise: random.Random) -> str:
    return f"{noise.randrange(100):02d}"


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
