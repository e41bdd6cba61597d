"""What words do to the letter of a choice beside them, by role, in the languages of the multilingual sets.

Called by `choice_tokens.py`. A word that is in no role is one of the content: it names things, and a letter behind it
(`vitamin C`) is no choice.
"""

from __future__ import annotations

import re
import unicodedata

from tasks.answer.choice_turns import SWITCHES

_PHRASES = {
    "than": (
        "my answer from|my choice from|rather than|instead of|plus que|changed from|switched from|changing from|"
        "changed it from"
    ),
    "not": (
        "no la|no el|no opci\u00f3n|no letra|no alternativa|no respuesta|hard to say|difficult to say|no way|"
        "there's no way|there is no way|by no means|in no way|other than|anything but|all but|everything but|"
        "apart from|far from|rule out|ruled out|rules out|ruling out|except for|no longer|rather not|different from|"
        "not sure|i don't know|no es|n\u00e3o \u00e9|non \u00e8|n'est pas|\u3067\u306f\u306a\u3044|"
        "\u3067\u306f\u3042\u308a\u307e\u305b\u3093|\u3058\u3083\u306a\u3044|\u3067\u3082\u306a\u3044|"
        "\u3067\u3082\u3042\u308a\u307e\u305b\u3093|\u3068\u306f\u8a00\u3048\u306a\u3044|"
        "\u3068\u306f\u8a00\u3048\u307e\u305b\u3093|kh\u00f4ng ph\u1ea3i|with the exception of|the exception of|"
        "none but|all the others except|\u4ee5\u5916|\u4e4b\u5916|\uc774\uc678\uc5d0\ub294|\uc774\uc678\uc5d0|"
        "\uc774\uc678|\u4ee5\u5916\u306b|\u3092\u9664\u3044\u3066|\u3092\u9664\u304f|\uc744 \uc81c\uc678\ud55c|"
        "\ub97c \uc81c\uc678\ud55c|\uc81c\uc678\ud558\uace0|\uc81c\uc678\ud55c"
    ),
    "notbut": (
        "\u3067\u3082\u306a\u304f\u3066|\u3067\u3082\u306a\u304f|\u3067\u306f\u306a\u304f\u3066|"
        "\u3067\u306f\u306a\u304f|\u3058\u3083\u306a\u304f\u3066|\u3058\u3083\u306a\u304f|\u3067\u306a\u304f\u3066|"
        "\u3067\u306a\u304f|\uc544\ub2c8\ub77c|\uc544\ub2cc|\uc544\ub2c8\uace0|de\u011fil|\u0928\u0939\u0940\u0902"
    ),
    "wrong": (
        "by mistake|in error|by accident|aus versehen|par erreur|por error|por engano|per errore|"
        "\u043f\u043e \u043e\u0448\u0438\u0431\u043a\u0435|przez pomy\u0142k\u0119|a trap|a distractor|a mistake|"
        "nicht richtig|not correct|not right|not true|pas correcte"
    ),
    "phrase": "none of the above|all of the above|none of these|all of these|none of the others|both of the above",
    "content": (
        "right angle|right angles|right side|right hand|right triangle|all of them|let us|choose from|pick from|"
        "such as|see|second best|second-best"
    ),
    "and": (
        "but also|sondern auch|sino tambi\u00e9n|mais aussi|ma anche|mas tamb\u00e9m|as well as|along with|"
        "together with"
    ),
    "fill": (
        "no reason not to|no reason why not to|out of|none other than|based on|most likely|i think|i believe|"
        "i guess|i suspect|i am confident|i'm confident|i conclude|de rien|no doubt|no doubt that|"
        "there is no doubt that|without doubt|without a doubt|beyond doubt|this problem|to the problem|"
        "of the problem|the given problem|for a second|for a moment|for sure|of course|i feel|i reckon|i feel like|"
        "i feel that|creo que|pienso que|penso che|penso que|acho que|credo che|glaube dass|je pense que|"
        "je crois que|ich denke|ich glaube|bin mir nicht sicher|more likely|more probable|i'm inclined to|bin mir|"
        "by elimination|by process of elimination"
    ),
    "leaves": (
        "given by|consistent with|described by|that leaves|left with|come to|comes to|arrive at|goes with|"
        "ne reste que|reste que|reste plus que"
    ),
    "options": "answer choices|answer options",
    "fits": (
        "gets my vote|makes more sense|makes sense|is left|makes the most sense|best describes|best matches|"
        "best fits|best explains|best represents|best answers|best captures|most closely matches"
    ),
    "itis": (
        "\u5b9e\u9645\u4e0a\u662f|\u5176\u5b9e\u662f|\u5e94\u8be5\u662f|\u5e94\u4e3a|\u5e94\u662f|\u61c9\u70ba|"
        "\u5be6\u969b\u4e0a\u662f|\u5176\u5be6\u662f|its|it is|it's|that's|it must be|it has to be|it should be|"
        "it would be|it was|that is|this is|it'd be|it'll be|it seems|it's gotta be|its gotta be|c'est|das ist|"
        "es ist|creo que es|acho que \u00e9|penso che sia|credo che sia|creo que la correcta es"
    ),
    "turn": (
        "i changed my mind|i've changed my mind|on second thoughts|on reflection|let me reconsider|i was wrong|"
        "i was mistaken|my apologies|mejor dicho|ou melhor|besser gesagt|vielmehr|ou plut\u00f4t|\u54e6\u4e0d|"
        "\u4e0d\u597d\u610f\u601d|or rather|i take that back|i take it back|i stand corrected|let me correct myself|"
        "i correct myself|ich korrigiere mich|je me corrige|je corrige|me corrijo|mi correggo|typo above|"
        "that was a typo|my typo|lo siento|\u043e\u0433\u043e\u0432\u043e\u0440\u0438\u043b\u0441\u044f|no wait|"
        "hold on|scratch that|on second thought|my mistake|my bad|strike that"
    ),
    "choose": (
        "wir nehmen|wir w\u00e4hlen|go with|going with|went with|stick with|sticking with|settle on|settled on|"
        "settling on|opt for|opting for|vote for|lean towards|leaning towards|lean toward|leaning toward|"
        "entscheide mich f\u00fcr|opto por|me quedo con|i would say|i'd say|i say|i'll say|i will say|bet on|"
        "betting on"
    ),
    "if": (
        "as long as|so long as|provided that|my first answer|my initial answer|my previous answer|"
        "my original answer|my earlier answer|the previous answer|the initial answer|the original answer|"
        "the earlier answer|my first guess|my initial guess|not only|not just|not merely|nicht nur|no solo|"
        "no s\u00f3lo|pas seulement|non solo|n\u00e3o s\u00f3|n\u00e3o apenas|going to say|going to pick|"
        "going to choose|tempted to|first thought|at first|used to"
    ),
    "third": (
        "answer given by|typical answer|naive answer|intuitive answer|naive choice|intuitive choice|classic mistake|"
        "your answer|his answer|her answer|their answer|your choice|his choice|her choice|their choice|fall for|"
        "\u6709\u5b66\u751f|\u6709\u540c\u5b66|\u6709\u8003\u751f|\u6709\u4e9b\u5b66\u751f|\u6709\u4e9b\u540c\u5b66|"
        "\u6709\u4e9b\u8003\u751f|\u6709\u7684\u5b66\u751f|\u6709\u7684\u540c\u5b66|\u6709\u7684\u8003\u751f|"
        "\u5f88\u591a\u5b66\u751f|\u5f88\u591a\u540c\u5b66|\u5f88\u591a\u8003\u751f|\u8bb8\u591a\u5b66\u751f|"
        "\u8bb8\u591a\u540c\u5b66|\u8bb8\u591a\u8003\u751f|\u4e0d\u5c11\u5b66\u751f|\u4e0d\u5c11\u540c\u5b66|"
        "\u4e0d\u5c11\u8003\u751f|\u90e8\u5206\u5b66\u751f|\u90e8\u5206\u540c\u5b66|\u90e8\u5206\u8003\u751f|"
        "\u591a\u6570\u5b66\u751f|\u591a\u6570\u540c\u5b66|\u591a\u6570\u8003\u751f|popular answer|popular choice|"
        "popular option|usual answer|most would|most answer|most choose|most pick|most say|\u6709\u4eba|"
        "\u6709\u7684\u4eba|\u6709\u4e9b\u4eba|\u5f88\u591a\u4eba|\u8bb8\u591a\u4eba|\u4e0d\u5c11\u4eba|"
        "\u591a\u6570\u4eba|\u4eba\u4eec|\u5927\u5bb6|\u591a\u304f\u306e\u4eba|\uc0ac\ub78c\ub4e4|"
        "\uc0ac\ub78c\ub4e4\uc774"
    ),
    "answer": (
        "\u0111\u00e1p \u00e1n|my vote is|my vote goes|my money is on|my pick|the pick|mi elecci\u00f3n|my choice|"
        "my selection|best choice|correct choice|right choice"
    ),
    "right": (
        "what remains|what is left|what's left|all that remains|all that is left|all that's left|one left|"
        "one remaining|was bleibt|lo que queda|ce qui reste|quel che resta|quello che resta|o que resta|o que sobra|"
        "the real one|the right one|the correct one|the true one|the one|only one|the exception|the odd one out|"
        "odd one out|the odd one|what i'd choose|what i would choose|what i'd pick|the way to go|my choice|"
        "my final answer|my answer|most plausible|most suitable|most appropriate|most accurate|most logical|"
        "most reasonable|most sensible|most consistent|most convincing"
    ),
    "be": "could only be|can only be|looks like",
    "but": "but rather|mas sim|m\u00e0 l\u00e0",
    "because": "ya que|j\u00e1 que|\u0442\u0430\u043a \u043a\u0430\u043a|dado que|uma vez que",
    "lead": (
        "as\u00ed que|de modo que|de sorte que|in fact|en realidad|in realt\u00e0|na verdade|en fait|"
        "\u043d\u0430 \u0441\u0430\u043c\u043e\u043c \u0434\u0435\u043b\u0435"
    ),
}


def _written(word: str) -> str:
    """As texts are after `simplify`."""
    return unicodedata.normalize("NFKC", word)


PHRASES = {
    _written(phrase): role for role, phrases in _PHRASES.items() for phrase in phrases.split("|")
} | dict.fromkeys(SWITCHES, "choose")
"""the role of words that do something together; looked up before single words"""
_WORDS = {
    "answer": (
        "\u0627\u0644\u062d\u0644 answer result output ans solution guess conclusion verdict antwort l\u00f6sung "
        "r\u00e9ponse reponse respuesta soluci\u00f3n resposta solu\u00e7\u00e3o gabarito risposta soluzione "
        "antwoord oplossing svar l\u00f8sning l\u00f6sning vastaus cevap yan\u0131t odpowied\u017a "
        "odpov\u011b\u010f jawaban jawabannya jibu r\u0103spuns v\u00e1lasz \u0111\u00e1p "
        "\u043e\u0442\u0432\u0435\u0442 \u0440\u0435\u0448\u0435\u043d\u0438\u0435 "
        "\u0432\u0456\u0434\u043f\u043e\u0432\u0456\u0434\u044c \u7b54\u6848 \u6b63\u89e3 \u7b54\u3048 \u56de\u7b54 "
        "\u7b54 \uc815\ub2f5 \ub2f5 \u0909\u0924\u094d\u0924\u0930 \u0989\u09a4\u09cd\u09a4\u09b0 "
        "\u0627\u0644\u0625\u062c\u0627\u0628\u0629 \u0627\u0644\u062c\u0648\u0627\u0628 "
        "\u0627\u0644\u062a\u0634\u05d5\u05d1\u05d4 \u0e04\u0e33\u0e15\u0e2d\u0e1a "
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e04\u0e37\u0e2d "
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e17\u0e35\u0e48\u0e16\u0e39\u0e01\u0e15\u0e49\u0e2d\u0e07\u0e04\u0e37\u0e2d "
        "\u03b1\u03c0\u03ac\u03bd\u03c4\u03b7\u03c3\u03b7 \u0c38\u0c2e\u0c3e\u0c27\u0c3e\u0c28\u0c02 "
        "\u067e\u0627\u0633\u062e \u062c\u0648\u0627\u0628 \u0baa\u0ba4\u0bbf\u0bb2\u0bcd \u00ecd\u00e1h\u00f9n "
        "amsa az\u1ecbza impendulo svaret cevab\u0131"
    ),
    "option": (
        "\u0627\u0644\u062d\u0631\u0641 \u0627\u0644\u0627\u062e\u062a\u064a\u0627\u0631 option choice letter "
        "alternative response statement candidate opci\u00f3n opcion letra op\u00e7\u00e3o opcao opzione "
        "alternativa lettera lettre choix proposition buchstabe auswahl aussage optie keuze alternativ pilihan "
        "huruf se\u00e7enek \u015f\u0131k opcja \u0432\u0430\u0440\u0438\u0430\u043d\u0442 "
        "\u0431\u0443\u043a\u0432\u0430 \u9009\u9879 \u9078\u9805 \u9078\u629e\u80a2 \uc120\ud0dd\uc9c0 "
        "\u0432\u0430\u0440\u0456\u0430\u043d\u0442 \u0935\u093f\u0915\u0932\u094d\u092a "
        "\u09ac\u09bf\u0995\u09b2\u09cd\u09aa l'option \u0627\u0644\u062e\u064a\u0627\u0631 \u9879 \u9805"
    ),
    "options": "options choices letters alternatives answers statements optionen opciones op\u00e7\u00f5es",
    "be": (
        "is does was are were equals son sont sono s\u00e3o zijn ist sind lautet w\u00e4re est est\u00e1 es "
        "ser\u00e1 ser\u00eda seria \u00e9 \u00e8 sarebbe \u00e4r er jest adalah ialah ni l\u00e0 \u662f \u4e3a "
        "\u70ba \u306f \u304c \u5c31\u662f \uc740 \ub294 \uc774 \uac00 seems looks appears sounds scheint semble "
        "parece sembra \u0e04\u0e37\u0e2d \u0939\u0948 \u0647\u064a \u0647\u0648 be been being"
    ),
    "can": "can",
    "modal": "w\u00fcrde m\u00f6chte must should would has have needs will to gotta got",
    "right": (
        "\u0627\u0644\u0635\u062d\u064a\u062d \u5269\u4e0b \u5269 \u53ea\u5269 \u53ea\u5269\u4e0b \u6b8b\u308b "
        "\u6b8b\u308a \ub0a8\uc740 \u043e\u0441\u0442\u0430\u0451\u0442\u0441\u044f "
        "\u043e\u0441\u0442\u0430\u0435\u0442\u0441\u044f \u043e\u0441\u0442\u0430\u043b\u0441\u044f "
        "\u043e\u0441\u0442\u0430\u043b\u043e\u0441\u044c better supported correct right true best valid correctas "
        "correctos corrects correctes corrette corretas verdadera verdaderas accurate appropriate only likeliest "
        "richtig richtige richtigen korrekt korrekte wahr beste juste bonne correcte vraie correcta correto correta "
        "certa certo verdadeira verdadero corretta corretto giusta giusto juist juiste goede r\u00e4tt riktig "
        "rigtig do\u011fru benar betul tepat sahihi prawid\u0142owa poprawna spr\u00e1vn\u00e1 "
        "\u0432\u0435\u0440\u043d\u044b\u0439 \u0432\u0435\u0440\u043d\u043e \u0432\u0435\u0440\u0435\u043d "
        "\u0432\u0435\u0440\u043d\u0430 \u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u044b\u0439 "
        "\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u043e \u043f\u0440\u0430\u0432\u0438\u043b\u0435\u043d "
        "\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u0430\u044f \u6b63\u786e \u6b63\u78ba \u6b63\u3057\u3044 "
        "\u5bf9 \u5c0d \u9069\u5207 \u59a5\u5f53 \u6700\u4f73 \u6700\u5408\u9002 \u5408\u9002 \uc815\ud655 \ub9de "
        "\u0938\u0939\u0940 \u09b8\u09a0\u09bf\u0995 \u0627\u0644\u0635\u062d\u064a\u062d\u0629 "
        "\u0635\u062d\u064a\u062d\u0629 \u0635\u062d\u064a\u062d \u0111\u00fang closest strongest correcto"
    ),
    "not": (
        "\u063a\u064a\u0631 not never neither nor cannot without except excluding hardly nobody none nothing "
        "unlikely doubt doubtful doubts exclude excluded eliminate eliminated eliminates eliminating reject "
        "rejected rejecting discard discarded dismiss dismissed dislike hate loathe avoid refuse disagree against "
        "unsure ignore skip suspicious foolish silly tempted mistake error flaw problem trap distractor besides few "
        "bukan tidak bukanlah si sio hapana nicht kein keine keinen pas niet geen n\u00e3o nao non ikke inte nie "
        "\u043d\u0435 \u043d\u0435\u0442 \u4e0d \u4e0d\u662f \u975e \u6ca1 \u6c92 \u522b \u5225 \u306a\u3044 "
        "\u3042\u308a\u307e\u305b\u3093 \uc544\ub2c8 \uc544\ub2d9\ub2c8\ub2e4 \uc544\ub2c8\ub2e4 "
        "\uc544\ub2c8\uc5d0\uc694 \uc544\ub2d8 \uc54a au\u00dfer menos excepto except\u00e9 sauf tranne eccetto "
        "exceto salvo \u043a\u0440\u043e\u043c\u0435 \u9664\u4e86 \u9664 save \u0928\u0939\u0940\u0902 "
        "\u09a8\u09af\u09bc \u0644\u064a\u0633 \u0644\u064a\u0633\u062a \u6392\u9664 ausschlie\u00dfen n'est "
        "kh\u00f4ng \uc5c6\ub2e4 \uc5c6\uc2b5\ub2c8\ub2e4 \uc5c6\uc74c less weder noch"
    ),
    "wrong": (
        "\u062e\u0627\u0637\u0626 wrong worse contradicted refuted incorrect false untrue invalid worst implausible "
        "impossible irrelevant tempting almost nearly partially partly too weak off contradicts contradict fails "
        "fail misses lacks ignores overlooks incorrectly falsch falsche falschen unrichtig inkorrekt fausse faux "
        "incorrecte mauvaise incorrecta incorrecto falsa falso falsas falsos fausses incorrectas incorrectos "
        "incorrectes incorrette erradas err\u00f3neas \u043d\u0435\u0432\u0435\u0440\u043d\u044b equivocada errada "
        "errado sbagliata sbagliato errata errato onjuist fout fel galt forkert feil yanl\u0131\u015f salah keliru "
        "\u043d\u0435\u0432\u0435\u0440\u043d\u043e \u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439 "
        "\u043d\u0435\u0432\u0435\u0440\u0435\u043d "
        "\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u043e "
        "\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u044b\u0439 "
        "\u043e\u0448\u0438\u0431\u043e\u0447\u043d\u044b\u0439 \u9519 \u932f \u9519\u8bef \u932f\u8aa4 \u8bef "
        "\u8aa4 \u9593\u9055 \u4e0d\u5bf9 \u4e0d\u5c0d \u4e0d\u6b63\u786e \u4e0d\u6b63\u78ba \u4e0d\u7b26\u5408 "
        "\ud2c0\ub9ac \ud2c0\ub838 \u0917\u0932\u0924 \u09ad\u09c1\u09b2 \u062e\u0627\u0637\u0626\u0629 "
        "\u062e\u0637\u0623 sai"
    ),
    "choose": (
        "\u0627\u062e\u062a\u0627\u0631 \u0623\u062e\u062a\u0627\u0631 \u0646\u062e\u062a\u0627\u0631 "
        "\u0627\u062e\u062a\u0631 marque assinale choose pick select vote lean meant mean ch\u1ecdn chose picked "
        "selected choosing selecting picking say answering submit mark circle tick w\u00e4hle nehme choisis elijo "
        "escojo escolho scelgo kies v\u00e4ljer velger v\u00e6lger memilih pilih nachagua "
        "\u0432\u044b\u0431\u0438\u0440\u0430\u044e \u9009 \u9078 \u9009\u62e9 \u9078\u64c7 \u9009\u4e86 "
        "\u5e94\u9009 \u61c9\u9078 \u9078\u3076 prefer favor favour go take"
    ),
    "leaves": (
        "bleibt queda reste rimane resta sobra blijft \u00e5terst\u00e5r leaves leaving points point pointing leads "
        "lead supports support favors favours indicates suggests matches match corresponds correspond confirms "
        "implies gives give"
    ),
    "fits": (
        "fits nehmen w\u00e4hlen works wins holds stands remains stays passt stimmt convient satisfies survives matched"
    ),
    "lead": (
        "ent\u00e3o tats\u00e4chlich so thus hence therefore finally final ergo accordingly consequently ok okay "
        "well overall donc ainsi also daher folglich deshalb entonces luego portanto assim logo quindi dunque "
        "perci\u00f2 dus allts\u00e5 derfor maka jadi hivyo \u0438\u0442\u0430\u043a "
        "\u0437\u043d\u0430\u0447\u0438\u0442 \u6240\u4ee5 \u6545 \u56e0\u6b64 \u56e0\u800c "
        "\u3057\u305f\u304c\u3063\u3066 \u3088\u3063\u3066 sure indeed \u6211 \u6700\u7ec8 \u6700\u7d42 "
        "endg\u00fcltige finale definitely clearly certainly surely undoubtedly unquestionably"
    ),
    "it": "it this that one which ce das dies esto isso questo c",
    "but": (
        "\u0644\u0643\u0646 bens\u00ec \ud558\uc9c0\ub9cc \uc9c0\ub9cc but sondern sino mas mais ma maar men tapi "
        "\u0430 \u043d\u043e \u800c\u662f \u800c however aber pero per\u00f2 jednak utan lecz tylko melainkan "
        "\u0628\u0644 \u092c\u0932\u094d\u0915\u093f"
    ),
    "than": "than unlike over versus vs",
    "because": (
        "\u0644\u0623\u0646 \u0644\u0623\u0646\u0647 \u0644\u0623\u0646\u0647\u0627 \u0644\u0623\u0646\u0651 "
        "\u0915\u094d\u092f\u094b\u0902\u0915\u093f poniewa\u017c gdy\u017c proto\u017ee mert v\u00ec "
        "\u00e7\u00fcnk\u00fc \u043f\u043e\u0441\u043a\u043e\u043b\u044c\u043a\u0443 fordi eftersom koska deoarece "
        "pues siccome because since as given whereas while although though denn weil parce car puisque porque pois "
        "perch\u00e9 poich\u00e9 omdat want karena kwa \u043f\u043e\u0442\u043e\u043c\u0443 \u56e0\u4e3a "
        "\u56e0\u70ba explanation reason reasoning rationale erkl\u00e4rung explication explicaci\u00f3n "
        "explica\u00e7\u00e3o spiegazione begr\u00fcndung \u89e3\u91ca \u89e3\u6790 justification note"
    ),
    "if": (
        "otherwise sonst andernfalls sinon sen\u00e3o altrimenti \u0438\u043d\u0430\u0447\u0435 \u5426\u5219 if "
        "unless suppose assuming assume wenn falls whether might wanted k\u00f6nnte kann could may maybe perhaps "
        "possibly \u53ef\u80fd \u5982\u679c jika \u0435\u0441\u043b\u0438 considered considering thought initially "
        "consider considers vielleicht quiz\u00e1s peut-\u00eatre talvez forse"
    ),
    "third": (
        "\u901a\u5e38 \u4ed6\u4eec \u5979\u4eec \u043c\u043d\u043e\u0433\u0438\u0435 "
        "\u043d\u0435\u043a\u043e\u0442\u043e\u0440\u044b\u0435 \u043b\u044e\u0434\u0438 mucha muchos gente algunos "
        "algunas beaucoup plupart viele manche muitos alguns molti alcuni mayor\u00eda maioria maggioranza vielen "
        "meisten student's students' user's teacher's friend's neighbour's neighbor's people friend friends student "
        "students many some someone somebody others they he she everybody everyone teacher classmates user textbook "
        "thinks says said claims claimed argues believes"
    ),
    "and": (
        "and then und et y og och en dan ve \u548c \u4e0e \u8207 \u3068 \ubc0f \u0438 + plus both beide ambas ambos "
        "sowohl \u53ca"
    ),
    "or": "\u3067\u3082 or oder ou eller atau au \u6216 \u304b \u0438\u043b\u0438 either entweder soit through czy",
    "fill": (
        "\u00fanica \u00fanico unica unico einzige \u0442\u043e\u043b\u044c\u043a\u043e \u043b\u0438\u0448\u044c "
        "\u00fcbrig \u5e94\u8be5 \u61c9\u8a72 \u5e94 \u61c9 \u8be5 \u8a72 my here the a an most more very quite "
        "really just for among all question probably likely i i'd i'll i'm we we'd our la el le l' il die der den "
        "dem les de het os with on number d \u7684 \u3067\u3059 \u3067\u3042\u308b \ub2e4 \uc785\ub2c8\ub2e4 \u90fd "
        "\u4e86 yang every each everything todas todos toutes tous tutte tutti alle \u0432\u0441\u0435 "
        "\u3059\u3079\u3066 \u5168\u3066 \u5168\u90e8 \ubaa8\ub450 \uc804\ubd80 \ub2e4\ub978 \u5176\u4ed6 "
        "\u5176\u4f59 \u5176\u9918 nur solo s\u00f3lo seule seulement s\u00f3 apenas soltanto clear correctly "
        "basically far by up us me in there now still mostly there's your his her their at am of \u8fd9 \u9053 "
        "\u9898 \u984c \u672c \u5f53 c'est du des un une than's between from changed change"
    ),
    "yes": "\u662f\u7684 yes ja oui s\u00ed sim s\u00ec yep",
    "no": "no nein nope",
    "turn": (
        "apologies anzi \u0442\u043e\u0447\u043d\u0435\u0435 \u3044\u3084 typo erratum corrigendum amendment "
        "rectification rectificatif korrektur berichtigung correcci\u00f3n rectificaci\u00f3n rectifico corrijo "
        "perd\u00f3n corre\u00e7\u00e3o retifica\u00e7\u00e3o retifico corrigindo correzione rettifica rettifico "
        "correctie r\u00e4ttelse rettelse \u043f\u043e\u043f\u0440\u0430\u0432\u043a\u0430 "
        "\u0438\u0441\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u0438\u0435 "
        "\u043f\u043e\u043f\u0440\u0430\u0432\u043b\u044e\u0441\u044c sprostowanie poprawka \u66f4\u6b63 "
        "\u7ea0\u6b63 \u7cfe\u6b63 \u8ba2\u6b63 \u8a02\u6b63 \u4fee\u6b63 \uc815\uc815 wait edit actually sorry "
        "oops correction scratch hmm"
    ),
}
ROLES = {_written(word): role for role, words in _WORDS.items() for word in words.split()}
"""the role of a word in small letters"""
_CHINESE = "\\u2e80-\\u9fff\\uac00-\\ud7af"
CHINESE_WORDS = re.compile(
    "|".join(sorted((word for word in {*ROLES, *PHRASES} if word > "\u2e80"), key=len, reverse=True)) + f"|[{_CHINESE}]"
)
"""the words of a run of Chinese, Japanese or Korean, which are written together"""
