"""`printf` of Go: verbs, flags, widths, what mistakes look like. Knows values; no template.

A mistake in a format never fails: it is written out, `%!d(string=hi)`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddock.template.limits import Budget
from paddock.template.literals import from_utf8, utf8
from paddock.template.quoting import can_backquote, is_printable, quoted, quoted_rune, rune
from paddock.template.values import (
    NAMED,
    NULL,
    NilList,
    Struct,
    decimal,
    scientific,
    shortest,
    text_form,
    type_name,
)

_WIDEST: Final = 1_000_000
_DIGITS: Final = frozenset("0123456789")
_STRING_VERBS: Final = frozenset("vsxXq")
_CHARACTERS_PER_STEP: Final = 16


def sprintf(budget: Budget, form: str, args: Sequence[Any]) -> str:
    """The text. Raises TemplateError when it would be longer than the budget allows."""
    return _Printer(budget, form, args).run()


@dataclass(slots=True)
class _Flags:
    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    sharp_v: bool = False
    plus_v: bool = False
    width: int | None = None
    precision: int | None = None


_FLAGS: Final = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


class _Printer:
    def __init__(self, budget: Budget, form: str, args: Sequence[Any]) -> None:
        self._budget = budget
        self._form = form
        self._args = args
        self._at = 0
        self._arg = 0
        self._reordered = False
        self._is_good = True
        self._behind_index = False
        self._parts: list[str] = []
        self._size = 0

    def run(self) -> str:
        form = self._form
        while self._at < len(form):
            percent = form.find("%", self._at)
            if percent < 0:
                percent = len(form)
            self._put(form[self._at : percent])
            self._at = percent + 1
            if percent < len(form):
                self._put(self._verb())
        if not self._reordered and self._arg < len(self._args):
            self._put(self._extra())
        return "".join(self._parts)

    def _put(self, text: str) -> None:
        self._size += len(text)
        self._budget.room(self._size)
        self._parts.append(text)

    # reading a verb

    def _verb(self) -> str:
        flags = _Flags()
        before = ""
        self._is_good, self._behind_index = True, False
        while (name := _FLAGS.get(self._here())) is not None:
            setattr(flags, name, True)
            self._at += 1
        self._index()
        before += self._width(flags)
        before += self._precision(flags)
        if not self._behind_index:
            self._index()
        verb = self._here()
        if not verb:
            return before + "%!(NOVERB)"
        self._at += 1
        return before + self._printed(verb, flags)

    def _printed(self, verb: str, flags: _Flags) -> str:
        if verb == "%":
            return "%"
        if not self._is_good:
            return f"%!{verb}(BADINDEX)"
        if self._arg >= len(self._args):
            return f"%!{verb}(MISSING)"
        value = self._args[self._arg]
        self._arg += 1
        if verb == "v":
            flags.sharp_v, flags.sharp = flags.sharp, False
            flags.plus_v, flags.plus = flags.plus, False
        return _Formatter(self._budget, flags).argument(value, verb)

    def _here(self) -> str:
        return self._form[self._at : self._at + 1]

    def _index(self) -> None:
        """`[2]`: which argument comes next."""
        if self._here() != "[":
            self._behind_index = False
            return
        self._reordered = True
        closing = self._form.find("]", self._at + 1)
        if len(self._form) - self._at < 3 or closing < 0:
            self._is_good, self._behind_index = False, False
            self._at += 1
            return
        digits = self._form[self._at + 1 : closing]
        self._at = closing + 1
        number = int(digits) if 0 < len(digits) < 8 and _DIGITS.issuperset(digits) else 0
        self._behind_index = 0 < number <= _WIDEST
        if 0 < number <= len(self._args):
            self._arg, self._behind_index = number - 1, True
        else:
            self._is_good = False

    def _width(self, flags: _Flags) -> str:
        if self._here() == "*":
            self._at += 1
            flags.width = self._number_argument()
            if flags.width is None:
                self._behind_index = False
                return "%!(BADWIDTH)"
            if flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            self._behind_index = False
            return ""
        flags.width = self._number()
        if self._behind_index and flags.width is not None:
            self._is_good = False
        return ""

    def _precision(self, flags: _Flags) -> str:
        # Reference: at the end of the format the point is taken for the verb.
        if self._here() != "." or self._at + 1 == len(self._form):
            return ""
        self._at += 1
        if self._behind_index:
            self._is_good = False
        self._index()
        if self._here() != "*":
            flags.precision = self._number() or 0
            return ""
        self._at += 1
        flags.precision = self._number_argument()
        self._behind_index = False
        if flags.precision is not None and flags.precision < 0:
            flags.precision = None
        return "%!(BADPREC)" if flags.precision is None else ""

    def _number_argument(self) -> int | None:
        if self._arg >= len(self._args):
            return None
        value = self._args[self._arg]
        self._arg += 1
        is_number = type(value) is int and abs(value) <= _WIDEST
        return value if is_number else None

    def _number(self) -> int | None:
        start = self._at
        while self._here() in _DIGITS:
            self._at += 1
            if self._at - start > 7 or int(self._form[start : self._at]) > 10 * _WIDEST + 9:
                self._at = len(self._form)
                return None
        return int(self._form[start : self._at]) if self._at > start else None

    def _extra(self) -> str:
        shown = ", ".join(
            "<nil>"
            if value is None
            else f"{type_name(value)}={_Formatter(self._budget, _Flags()).argument(value, 'v')}"
            for value in self._args[self._arg :]
        )
        return f"%!(EXTRA {shown})"


class _Formatter:
    """One argument of one verb."""

    def __init__(self, budget: Budget, flags: _Flags) -> None:
        self._budget = budget
        self._flags = flags
        self._erring = False

    def argument(self, value: Any, verb: str) -> str:
        if value is None or value is NULL:
            return self._pad("<nil>") if verb in "Tv" else f"%!{verb}(<nil>)"
        if verb == "T":
            return self.of_string(type_name(value), "s")
        return self._value(value, verb, 0)

    def _value(self, value: Any, verb: str, depth: int) -> str:
        if value is None or value is NULL:
            return "interface {}(nil)" if self._flags.sharp_v else "<nil>"
        kind = type(value)
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            return scalar(self, value, verb)
        if isinstance(value, NAMED) and verb in _STRING_VERBS and not self._flags.sharp_v:
            own = value.text()
            if own is not None:
                return self.of_string(own, verb)
        if isinstance(value, Struct):
            return self._struct(value, verb, depth)
        if isinstance(value, list):
            return self._list(value, verb, depth)
        return self._map(value, verb, depth)

    def _bad(self, value: Any, verb: str) -> str:
        if self._erring:
            return text_form(value)
        self._erring = True
        shown = f"%!{verb}({type_name(value)}={self._value(value, 'v', 0)})"
        self._erring = False
        return shown

    # containers

    def _list(self, value: list[Any], verb: str, depth: int) -> str:
        items = [self._value(item, verb, depth + 1) for item in value]
        if not self._flags.sharp_v:
            return f"[{' '.join(items)}]"
        if isinstance(value, NilList):
            return f"{type_name(value)}(nil)"
        return f"{type_name(value)}{{{', '.join(items)}}}"

    def _map(self, value: dict[str, Any], verb: str, depth: int) -> str:
        items = [
            f"{self._value(key, verb, depth + 1)}:{self._value(value[key], verb, depth + 1)}"
            for key in sorted(value)
        ]
        if self._flags.sharp_v:
            return f"{type_name(value)}{{{', '.join(items)}}}"
        return f"map[{' '.join(items)}]"

    def _struct(self, value: Struct, verb: str, depth: int) -> str:
        named = self._flags.sharp_v or self._flags.plus_v
        items = [
            (f"{name}:" if named else "") + self._value(item, verb, depth + 1)
            for name, item in value.fields.items()
        ]
        if self._flags.sharp_v:
            return f"{type_name(value)}{{{', '.join(items)}}}"
        return f"{{{' '.join(items)}}}"

    def of_bytes(self, value: bytes, verb: str) -> str:
        if verb in "sqxX":
            return self.of_string(from_utf8(value), verb)
        return "[" + " ".join(self.of_integer(byte, verb) for byte in value) + "]"

    # scalars

    def of_boolean(self, value: bool, verb: str) -> str:
        if verb not in "tv":
            return self._bad(value, verb)
        return self._pad("true" if value else "false")

    def of_string(self, value: str, verb: str) -> str:
        flags = self._flags
        match verb:
            case "v" if flags.sharp_v:
                return self._pad(self._quoted(self._cut(value)))
            case "v" | "s":
                return self._pad(self._cut(value))
            case "q":
                return self._pad(self._quoted(self._cut(value)))
            case "x" | "X":
                return self._pad(self._hex(utf8(value), verb))
            case _:
                return self._bad(value, verb)

    def _cut(self, value: str) -> str:
        return value if self._flags.precision is None else value[: self._flags.precision]

    def _quoted(self, value: str) -> str:
        self._slow(value)
        flags = self._flags
        if flags.sharp and not flags.sharp_v and can_backquote(value):
            return f"`{value}`"
        return quoted(value, ascii_only=flags.plus and not flags.sharp_v)

    def _hex(self, data: bytes, verb: str) -> str:
        flags = self._flags
        if flags.precision is not None:
            data = data[: flags.precision]
        prefix = f"0{verb}" if flags.sharp else ""
        if not data:
            return ""
        if flags.space:
            self._slow(data)
            text = " ".join(f"{prefix}{byte:02x}" for byte in data)
        else:
            text = prefix + data.hex()
        return text.upper().replace("0X", "0" + verb) if verb == "X" else text

    def _slow(self, text: str | bytes) -> None:
        """Account for work that is done for every character, and makes up to ten of it."""
        self._budget.room(10 * len(text))
        self._budget.step(1 + len(text) // _CHARACTERS_PER_STEP)

    def of_integer(self, value: int, verb: str) -> str:
        if verb in _BASES:
            return self._digits(value, verb)
        match verb:
            case "c":
                return self._pad(rune(value))
            case "q":
                return self._pad(quoted_rune(rune(value), ascii_only=self._flags.plus))
            case "U":
                return self._unicode(value)
            case _:
                return self._bad(value, verb)

    def _digits(self, value: int, verb: str) -> str:
        flags = self._flags
        is_negative = value < 0
        least = 0
        if flags.precision is not None:
            least = flags.precision
            if least == 0 and value == 0:
                return " " * (flags.width or 0)
        elif flags.zero and not flags.minus and flags.width is not None:
            least = flags.width - (is_negative or flags.plus or flags.space)
        digits = format(abs(value), _BASES[verb]).rjust(least, "0")
        if flags.sharp:
            prefix = {"b": "0b", "o": "0", "O": "0", "x": "0x", "X": "0X"}.get(verb, "")
            digits = digits if prefix == digits[0] else prefix + digits
        if verb == "O":
            digits = "0o" + digits
        return self._pad(self._sign(is_negative) + digits, with_zeros=False)

    def _sign(self, is_negative: bool) -> str:
        if is_negative:
            return "-"
        return "+" if self._flags.plus else " " if self._flags.space else ""

    def _unicode(self, value: int) -> str:
        flags = self._flags
        least = max(4, flags.precision or 0)
        text = f"U+{abs(value) if value >= 0 else value + 2**64:0{least}X}"
        if flags.sharp and 0 <= value <= 0x10FFFF and is_printable(chr(value)):
            text += f" '{chr(value)}'"
        return self._pad(text, with_zeros=False)

    def of_float(self, value: float, verb: str) -> str:
        if verb not in _FLOAT_VERBS:
            return self._bad(value, verb)
        flags = self._flags
        text = self._float_text(abs(value), verb)
        sign = self._sign(math.copysign(1.0, value) < 0 and not math.isnan(value))
        if flags.zero and not flags.minus and flags.width is not None and math.isfinite(value):
            return sign + text.rjust(flags.width - len(sign), "0")
        return self._pad(sign + text, with_zeros=False)

    def _float_text(self, value: float, verb: str) -> str:
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            # Reference: infinity always has a sign, positive too.
            return "Inf" if self._flags.plus or self._flags.space else "+Inf"
        precision = self._flags.precision
        verb = "g" if verb == "v" else "f" if verb == "F" else verb
        if verb == "b":
            mantissa, exponent = math.frexp(value)
            return f"{int(mantissa * 2**53)}p{exponent - 53:+d}" if value else "0p-1074"
        if verb in "xX":
            text = _hex_float(value, precision, sharp=self._flags.sharp)
            return text.upper() if verb == "X" else text
        if verb in "gG" and precision is None:
            text = self._shortest(value)
            return text.upper() if verb == "G" else text
        alternate = "#" if self._flags.sharp else ""
        self._budget.room(precision or 0)
        return format(value, f"{alternate}.{6 if precision is None else precision}{verb}")

    def _shortest(self, value: float) -> str:
        _, digits, exponent = shortest(value)
        is_scientific = exponent < -4 or exponent >= 6
        if self._flags.sharp:
            digits = digits.ljust(6, "0")
        text = scientific(digits, exponent) if is_scientific else decimal(digits, exponent)
        has_point = "." in text or is_scientific
        return text + "." if self._flags.sharp and not has_point else text

    def of_complex(self, value: complex, verb: str) -> str:
        if verb not in _FLOAT_VERBS:
            return self._bad(value, verb)
        real = self.of_float(value.real, verb)
        plus, self._flags.plus = self._flags.plus, True
        imaginary = self.of_float(value.imag, verb)
        self._flags.plus = plus
        return f"({real}{imaginary}i)"

    def _pad(self, text: str, *, with_zeros: bool = True) -> str:
        flags = self._flags
        if flags.width is None or flags.width <= len(text):
            return text
        self._budget.room(flags.width)
        if flags.minus:
            return text.ljust(flags.width)
        return text.rjust(flags.width, "0" if flags.zero and with_zeros else " ")


_BASES: Final = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_FLOAT_VERBS: Final = frozenset("vbgGxXfFeE")
_SCALARS: Final[dict[type, Callable[[_Formatter, Any, str], str]]] = {
    bool: _Formatter.of_boolean,
    int: _Formatter.of_integer,
    float: _Formatter.of_float,
    complex: _Formatter.of_complex,
    str: _Formatter.of_string,
    bytes: _Formatter.of_bytes,
}


def _hex_float(value: float, precision: int | None, *, sharp: bool) -> str:
    if value == 0:
        mantissa, exponent = 0, 0
    else:
        fraction, exponent = math.frexp(value)
        mantissa, exponent = int(fraction * 2**53), exponent - 1
    # 1 bit before the point and 52, as 13 digits, behind it.
    if precision is not None and precision < 13:
        drop = 4 * (13 - precision)
        half = 1 << (drop - 1)
        low = mantissa & ((1 << drop) - 1)
        mantissa >>= drop
        mantissa += low > half or (low == half and mantissa & 1)
        mantissa <<= drop
        if mantissa >> 53:
            mantissa, exponent = mantissa >> 1, exponent + 1
    digits = f"{mantissa & (2**52 - 1):013x}"
    digits = digits.rstrip("0") if precision is None else digits.ljust(precision, "0")[:precision]
    if sharp:
        digits = digits if precision is not None else digits.ljust(4, "0")
    point = f".{digits}" if digits or sharp else ""
    return f"0x{mantissa >> 52}{point}p{exponent:+03d}"
