"""The reader of answers reads the whole of a spelling, or says that it cannot; never a part."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.answer.read import read
from tasks.answer.value import Date, Number, Ratio, Time, UnreadableError


def test_a_number_is_exact_however_it_is_written() -> None:
    half = (".5", "0.5", "1/2", "1 / 2", r"\frac12", r"\frac{1}{2}", r"\dfrac{1}{2}", "\u00bd", "0,5", "5e-1", "$0.5$")
    assert {read(spelling) for spelling in half} == {Number(Fraction(1, 2))}
    mixed = ("2 1/2", r"2\frac12", "2\u00bd", "2 and 1/2", "2 and a half", r"$2\tfrac{1}{2}$", "2.50")
    assert {read(spelling) for spelling in mixed} == {Number(Fraction(5, 2))}


@pytest.mark.parametrize(
    "spelling",
    ["10,000", "10 000", "10\u00a0000", "10\u202f000", "10{,}000", r"10\,000", r"10,\!000", "10'000", "10\u2019000",
     "10000.00", "$10{,}000$", r"\boxed{10,000}", "**10,000**", "\uff11\uff10\uff0c\uff10\uff10\uff10", "1e4", "10k",
     "\u0661\u0660\u066c\u0660\u0660\u0660", "\u0967\u0966,\u0966\u0966\u0966", "10 thousand", "1\u4e07", "10^4",
     r"1 \times 10^{4}", "1x10^4", "10_000", "10\u066c000", "ten thousand"],
)  # fmt: skip
def test_ten_thousand_is_read_in_all_separators_and_digits(spelling: str) -> None:
    value = read(spelling)
    assert isinstance(value, Number) and value.value == 10_000


@pytest.mark.parametrize(
    "spelling",
    ["-5", "\u22125", "\u20135", "\u20145", "\uff0d5", "\u20115", "- 5", "(-5)", "$-5$", "minus 5", "negative 5",
     r"-\frac{10}{2}", r"\frac{-10}{2}", "-5.0", "\u2212\u0665"],
)  # fmt: skip
def test_a_sign_of_any_kind_is_a_sign(spelling: str) -> None:
    value = read(spelling)
    assert isinstance(value, Number) and value.value == -5


@pytest.mark.parametrize(
    ("spelling", "english", "german"),
    [("1.234", "1.234", "1234"), ("1,234", "1234", "1.234"), ("1.234,5", "1234.5", "1234.5"), ("0.123", "0.123",
     "0.123"),
     ("1.234.567", "1234567", "1234567"), ("1,5", "1.5", "1.5"), ("1234,567", "1234.567", "1234.567"),
     ("12.5", "12.5", "12.5"), ("3/4/2024", "2024-03-04", "2024-04-03")],
)  # fmt: skip
def test_the_locale_decides_only_where_a_spelling_has_two_readings(spelling: str, english: str, german: str) -> None:
    assert (str(read(spelling)), str(read(spelling, "de"))) == (english, german)


def test_separators_of_more_locales() -> None:
    assert (
        str(read("1\u202f234,56", "fr")) == str(read("1.234,56", "pt_BR")) == str(read("1,234.56", "en")) == "1234.56"
    )
    assert str(read("12,34,567")) == str(read("12,34,567", "hi-IN")) == "1234567"
    assert str(read("1'234.56", "de_CH")) == "1234.56"
    assert str(read("\u0661\u066b\u0662\u0663\u0664")) == "1.234"  # the Arabic separator has one reading
    assert str(read("5. M\u00e4rz 2024", "de")) == str(read("5 de marzo de 2024", "es")) == "2024-03-05"
    with pytest.raises(ValueError, match="there is no locale 'xx'"):
        read("1", "xx")


@pytest.mark.parametrize(
    ("spelling", "written"),
    [("40 cm^2", "40 cm^2"), (r"40\text{ cm}^2", "40 cm^2"), ("40 cm\u00b2", "40 cm^2"), ("40 square centimeters",
     "40 cm^2"),
     ("40 cm2", "40 cm^2"), ("5km", "5 km"), ("5 kilometres", "5 km"), ("60 km/h", "60 kph"), ("9.8 m/s^2",
     "9.8 m/s^2"),
     ("9.8 m s^{-2}", "9.8 m s^(-2)"), ("$3.50", "3.5 $"), ("\u20ac3", "3 \u20ac"), ("3 euros", "3 \u20ac"),
     ("-$5", "-5 $"),
     ("$-5", "-5 $"), ("$5 million", "5000000 $"), ("$5M", "5000000 $"), ("50%", "50%"), (r"50\%", "50%"),
     ("50 percent", "50%"),
     ("\uff15\uff10\uff05", "50%"), ("2 hours and 30 minutes", "2.5 h"), ("2h 30min", "2.5 h"), ("5 ft 3 in",
     "5.25 ft"),
     ("5'3\"", "5.25 ft"), ("30^\\circ", "30 \u00b0"), ("25\u00b0C", "25 \u00b0C"), ("2 dozen", "24"),
     ("12 red apples", "12"),
     ("5th", "5"), (r"5^{\text{th}}", "5"), ("2^{10}", "1024"), (r"0.\overline{3}", "1/3"), ("0.1\u0305", "1/9"),
     ("x = 7", "7")],
)  # fmt: skip
def test_units_and_what_else_stands_around_a_number(spelling: str, written: str) -> None:
    assert str(read(spelling)) == written


def test_times_days_and_ratios() -> None:
    assert read("10:30") == Time(37800)
    assert read("10:30 am") == read("10:30 A.M.") == Time(37800, "am")
    assert read("12:00 am") == Time(0, "am")
    assert read("5 pm") == Time(61200, "pm", is_hour=True)
    assert read("17h30") == read("17:30") == Time(63000)
    days = (
        "March 5, 2024",
        "5 March 2024",
        "the 5th of March 2024",
        "2024-03-05",
        "3/5/2024",
        "5.3.2024",
        "Mar. 5 2024",
    )
    assert {read(day) for day in (*days, "Tuesday, March 5, 2024")} == {Date(2024, 3, 5)}
    assert read("3:2") == read("6 : 4") == Ratio((3, 2))


@pytest.mark.parametrize(
    "spelling",
    ["", "none", "3-5", "3\u20135", "3 to 5", "3 and 5", "3, 5", "(3, 5)", "(3,5)", "[1,2]", r"\{1, 2\}", "1,2,3",
     "1.2.3",
     "10:30 and 11:00", "5x", "x + 5", "5 + 3", "3 * 5", "x > 5", r"\ge 5", r"\pm 5", "5 or more", "5+", "5i",
     r"5\pi", "5\u03c0",
     r"2\sqrt{3}", r"\sqrt{16}", "5!", "f(5)", r"\frac{a}{b}", "5/0", "2 5/3", "1/2/3", "0.333...", r"7 \bmod 3",
     "7 (mod 3)",
     "555-1234", "192.168.0.1", "25:99 pm", "2024-13-40", "1e9999", "9" * 301, "10^{10^{10}}", "2^{100000000}",
     "10^-999",
     "5 thirds", "42B", "3D", "v1.2", "1 0000", "5 apples and 3 pears", "#### 5 and 6", "5 -", "1" * 500],
)  # fmt: skip
def test_what_is_no_single_value_is_never_cut_to_a_part(spelling: str) -> None:
    with pytest.raises(UnreadableError):
        read(spelling)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_every_fraction_is_its_own_spelling(numerator: int, denominator: int) -> None:
    value = read(f"{numerator}/{denominator}")
    assert isinstance(value, Number) and value.value == Fraction(numerator, denominator)
    assert read(str(value)) == value
    whole = read(f"${numerator:,}.")
    assert isinstance(whole, Number) and whole.value == numerator


@given(st.text(alphabet="0123456789.,-/$%^(){}\\ :abfrcxem\u00bd\u2013\u0665", max_size=40))
def test_no_spelling_upsets_it(spelling: str) -> None:
    with contextlib.suppress(UnreadableError):
        assert read(spelling) is not None
