"""Codes of languages: which ones a well-formed tag cannot begin with, and which it has instead.

Law (RFC 5646, section 2.2.1): a language with a code of two letters has that one alone in a tag,
so that one language has one code, and two codes are two languages.
"""

import re
from typing import Final

# Those of ISO 639-2 for terms and for bibliographies, then withdrawn ones.
_CODES: Final = (
    "aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae "
    "aym:ay aze:az bak:ba bam:bm baq:eu bel:be ben:bn bih:bh bis:bi bod:bo bos:bs bre:br "
    "bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh chu:cu chv:cv cor:kw cos:co cre:cr "
    "cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ell:el eng:en epo:eo est:et eus:eu "
    "ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd "
    "gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho "
    "hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik "
    "isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki "
    "kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln "
    "lit:lt ltz:lb lub:lu lug:lg mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg "
    "mlt:mt mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl "
    "nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om oss:os pan:pa per:fa pli:pi "
    "pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg san:sa sin:si "
    "slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc "
    "srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th "
    "tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz "
    "ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu "
    "in:id iw:he ji:yi jw:jv mo:ro mol:ro scc:sr scr:hr "
)

SHORTER: Final = dict(each.split(":") for each in _CODES.split())
"""The code that a language has in tags, by the codes that it does not have there."""

OF_TWO: Final = frozenset({*SHORTER.values(), "sh"})
"""Every code of two letters; `sh` is of several languages, each of which has its own."""

NONE_SPOKEN: Final = frozenset({"mis", "mul", "und", "zxx"})
"""What tags say of a language that is not told, of several, and of none."""

_LONGEST: Final = 3
_OWN: Final = re.compile(r"x-.*|q[a-t][a-z](-.*)?|i-default")  # each may mean anything


def wrong_with(tag: str) -> str | None:
    """What is wrong with the language of a well-formed tag, None where it can be right.

    Codes of three letters are 8,000, and those that are none are not told from the others.
    """
    code = tag.split("-", 1)[0].lower()
    if right := SHORTER.get(code):
        return f"must have the code that tags have for this language: write {right}"
    if code in NONE_SPOKEN:
        return "must be of a language that somebody speaks"
    if _OWN.fullmatch(tag.lower()):
        return "must be of a language that others know by this code, not a code of one's own"
    if len(code) > _LONGEST or (len(code) == len("en") and code not in OF_TWO):
        return "must begin with the code of a language, such as en, zh or yue"
    return None
