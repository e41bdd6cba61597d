"""What the words of a sentence do to its numbers: closed lists, for `statement.py`. A word on none of them is free."""

from __future__ import annotations

from tasks.answer.number_words import WORD


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


JOINING = words_of("and or to by x of through und oder et ou bis y o plus minus times over mod versus vs e en")
"""between two numbers, with nothing but units and things beside it: they are one spelling, or several answers"""
HEDGES = words_of(
    "about approximately around roughly exactly only simply just also still now therefore thus then hence "
    "likely indeed a an another total ungef\u00e4hr genau environ exactement aproximadamente"
)
"""between a word and its number, and no word of their own"""
ANCHORS = words_of(
    "is are was were be been equals equal becomes become became gives give gave gets get got yields yielded "
    "makes make made leaves leave left obtains obtain obtained have has had returns reach reached reaches "
    "remains remain need needs needed cost costs total totals it's that's to of at by ist sind gleich ergibt "
    "lautet betr\u00e4gt est vaut donne es son da \u00e8 \u00e9 jest bedraagt \u00e4r er "
    "\u0440\u0430\u0432\u043d\u043e \u662f \u4e3a \u70ba \u306f"
)
"""words that bring a value: behind them a dash is a sign, and the number is what is said"""
SIGNED_AFTER = ANCHORS - words_of("left total totals cost costs need needs needed it's that's")
"""of these those behind which a dash that stands apart is a sign: not in `eggs left - 8`"""
SAYING = ANCHORS - words_of("to of at by da en")
"""those that a number in words needs before it"""
ADJUNCT = words_of(
    "after in for within during on from per before since until every each among between into without across "
    "over under above below beyond throughout if when while because as since using given than"
)
"""a number behind them says when, where or of what, where the clause has another"""
WEAK_ADJUNCT = words_of("of at with by to on least")
"""the same, where the other stands before it"""
DETERMINERS = words_of("the these those all both his her their my our your its next last first remaining other same")
"""a number behind them was given"""
SUMS = words_of("total sum average mean product value cost price profit amount number balance difference")
"""`a total of 5` is stated"""
FUNCTIONS_OF = words_of("root square cube factorial reciprocal inverse multiple multiples power sine cosine log twice")
"""`the square root of 25`"""
BOUNDS_OF = words_of("upwards upward north south excess minimum maximum shy short ahead")
"""`upwards of 80`, `a minimum of 6`: the number is a bound"""
MEASURES = words_of("much many little few low high long far late early")
"""`as much as 80`"""
BOUND_PAIRS = (("at", "minimum"), ("at", "maximum"), ("nowhere", "near"), ("and", "including"))
BEING = words_of("is are was were be been being seems looks isn't wasn't it's that's sounds")
OPENERS = words_of(
    "so thus hence therefore then but which that because since while as leaving making giving whereas if when "
    "where and or unless after before although though given assuming suppose i.e e.g namely meaning donc also "
    "daher somit luego entonces por portanto quindi"
)
"""a clause begins with them"""
ASIDE = words_of("because since as given where when while whereas after before although though if unless")
"""a clause that begins with them says no answer, where another does"""
REASON = words_of("because since given")
"""of these those whose equations are no answers either"""
RIGHT = words_of("right correct answer true possible valid it so solution")
"""`5 is not right`"""
UNSURE = words_of("if unless suppose assuming assume whether either neither maybe perhaps")
DENIALS = words_of(
    "wrong incorrect false mistaken mistake incorrectly falsch incorrecto incorrecta fausse faux errado errada"
)
"""they deny what was said before"""
NEGATIONS = DENIALS | words_of(
    "not never cannot nor nobody neither nicht kein keine pas n\u00e3o niet ikke inte \u043d\u0435 doubt "
    "unlikely impossible"
)
"""in a clause, with its number: the number is not what is said"""
CHANGES_BEFORE = words_of(
    "not never nor except than least most sin cos tan log ln sqrt exp half twice double triple cannot besides "
    "excluding exceeds exceeding unlike beyond als mindestens h\u00f6chstens wenigstens minst h\u00f8jst "
    "\u0431\u043e\u043b\u044c\u0448\u0435 \u0431\u043e\u043b\u0435\u0435 \u043c\u0435\u043d\u044c\u0448\u0435 "
    "\u043c\u0435\u043d\u0435\u0435"
)
CHANGES_AFTER = words_of(
    "below mod squared cubed factorial choose mil third half halves thirds fourths fifths sixths sevenths eighths "
    "ninths tenths hundredths thousandths plus minus divided multiplied"
)
COMPARISONS = words_of("more less fewer above below up over under higher lower greater down so larger smaller")
"""behind `or` and `and`: the number is a bound"""
CHANGES_JOINED = COMPARISONS | words_of("thereabouts change counting some bit")
LABELS = words_of(
    "step page line equation problem question figure chapter section version row column exercise example case "
    "part table option item no number# note rule theorem lemma level grade room route schritt seite "
    "\u00e9tape paso"
)
"""a number behind them is a name"""
NUMBER_WORDS = frozenset(WORD.split("|"))
FOREIGN_COMPARISONS = words_of("m\u00e1s menos plus moins mais pi\u00f9 meno meer minder mehr weniger")
CHINESE_BOUNDS = tuple(
    words_of(
        "\u8d85\u8fc7 \u8d85\u904e \u81f3\u5c11 \u6700\u591a \u5927\u4e8e \u5927\u65bc \u5c0f\u4e8e "
        "\u5c0f\u65bc \u591a\u4e8e \u5c11\u4e8e \u4e0d\u5230 \u5c11\u306a\u304f\u3068\u3082 "
        "\u6700\u5c0f \u6700\u4f4e"
    )
)
CHINESE_LIMITS = ("\u4ee5\u4e0a", "\u4ee5\u4e0b", "\u672a\u6e80", "\u4ee5\u5185", "\u4ee5\u5167", "\u3088\u308a")
OFFERS = (
    ("let", "me"), ("i", "hope"), ("hope", "this"), ("feel", "free"), ("would", "you"), ("do", "you"),
    ("please", "let"),
    ("if", "you"), ("happy", "to"), ("i", "can"), ("you", "can"),
)  # fmt: skip
"""how a sentence begins that says nothing about the answer"""
CHINESE_NEGATIONS = ("\u4e0d", "\u975e", "\u6ca1", "\u6c92", "\u9519", "\u932f", "\u3067\u306f\u306a", "\uc544\ub2c8")
