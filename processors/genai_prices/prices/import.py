"""Writes table.txt from the installed package genai-prices: run by `cargo xtask prices`.

The format is described in ../README.md. What the format cannot say is refused, never left out.
"""

import datetime
import importlib.metadata
import pathlib
import re
import sys
from decimal import Decimal

from genai_prices import types
from genai_prices.data import providers
from genai_prices.data_units import unit_data

PACKAGE = "genai-prices"
SECONDS_PER_HOUR = 3600

SIGNS = {
    types.ClauseEquals: ("=", "equals"),
    types.ClauseStartsWith: ("^", "starts_with"),
    types.ClauseEndsWith: ("$", "ends_with"),
    types.ClauseContains: ("*", "contains"),
}


def word(text):
    """The text as one word of a line."""
    if not text or re.search(r"\s|[\x00-\x1f]", text):
        raise SystemExit(f"no word of the format: {text!r}")
    return text


def clauses(match, nested=False):
    """A match as words, of which any has to hold; as one word or group where it is nested."""
    if isinstance(match, types.ClauseOr):
        words = " ".join(clauses(clause, True) for clause in match.or_)
        return f"any( {words} )" if nested else words
    if isinstance(match, types.ClauseAnd):
        return "all( " + " ".join(clauses(clause, True) for clause in match.and_) + " )"
    if isinstance(match, types.ClauseRegex):
        return pattern(match.regex)
    sign, field = SIGNS[type(match)]
    return sign + word(getattr(match, field).lower())


def pattern(regex):
    """A pattern of Python's as one of RE2's that matches the same (digits are ASCII digits)."""
    if regex.startswith("^(?!"):
        end = closing(regex, 1)
        refused = f"not( {pattern('^' + regex[4:end])} )"
        rest = regex[end + 1 :]
        return f"all( {refused} {pattern('^' + rest)} )" if rest else refused
    if re.search(r"\(\?[^:]|\\[^dnt.\[\]()/*+?^$|{}-]", regex):
        raise SystemExit(f"a pattern that RE2 may read in another way: {regex!r}")
    # Python's `$` also stands before a line break at the end.
    return "~" + word(re.sub(r"(?<!\\)\$", r"\\n?$", regex))


def closing(regex, opening):
    """Where the group ends that opens there."""
    depth, place = 0, opening
    while True:
        if regex[place] == "\\":
            place += 1
        elif regex[place] == "[":
            place = regex.index("]", place + 2)
        elif regex[place] in "()":
            depth += 1 if regex[place] == "(" else -1
            if depth == 0:
                return place
        place += 1


def decimal(value):
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise SystemExit(f"no price: {value!r}")
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def prices(model_price):
    """`input_mtok=3>200000:6`: the price, and the one where input tokens are more than the number."""
    words = []
    for key, value in model_price.__dict__.items():
        if value is None:
            continue
        if isinstance(value, types.TieredPrices):
            tiers = "".join(f">{int(tier.start)}:{decimal(tier.price)}" for tier in value.tiers)
            words.append(f"{word(key)}={decimal(value.base)}{tiers}")
        else:
            words.append(f"{word(key)}={decimal(value)}")
    return " ".join(words)


def condition(constraint):
    if constraint is None:
        return "-"
    if isinstance(constraint, types.StartDateConstraint):
        return constraint.start_date.isoformat()
    return f"{time(constraint.start_time)}-{time(constraint.end_time)}"


def time(value):
    if value.tzinfo is not None:
        day = datetime.datetime.combine(datetime.date(2000, 1, 1), value)
        value = day.astimezone(datetime.UTC).time()
    return value.isoformat()


def audio_minimum(provider, model):
    """The seconds that are billed at least, which genai-prices has in its code and not in its data."""
    price = model.prices if isinstance(model.prices, types.ModelPrice) else model.prices[0].prices
    rate = price.__dict__.get("audio_hours") or price.__dict__.get("input_audio_hours")
    if not isinstance(rate, Decimal) or not rate:
        return None
    second, hour = (
        model.calc_price(
            types.Usage(audio_seconds=seconds, input_audio_seconds=seconds),
            provider,
            genai_request_timestamp=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
        ).total_price
        for seconds in (Decimal("0.001"), SECONDS_PER_HOUR)
    )
    seconds = round(second / hour * SECONDS_PER_HOUR, 6)
    return None if seconds == Decimal("0.001") else seconds.normalize()


def model_lines(provider, model):
    conditional = model.prices
    if isinstance(conditional, types.ModelPrice):
        conditional = [types.ConditionalPrice(prices=conditional)]
    # The first one also holds where no other does, whatever its condition.
    first, *others = conditional
    yield "model", word(model.id), clauses(model.match), prices(first.prices)
    for other in others:
        yield "price", condition(other.constraint), prices(other.prices)
    for variant in model.price_variants or ():
        when = " ".join(f"{word(key)}={word(value)}" for key, value in variant.when.items())
        yield "variant", when, condition(variant.constraint), prices(variant.prices)
    if (minimum := audio_minimum(provider, model)) is not None:
        yield "audio_minimum", f"{minimum:f}"


def provider_lines(provider):
    yield "provider", word(provider.id)
    if provider.provider_match is not None:
        yield "known", clauses(provider.provider_match)
    if provider.model_match is not None:
        yield "serves", clauses(provider.model_match)
    if provider.fallback_model_providers:
        yield "fallback", " ".join(map(word, provider.fallback_model_providers))
    for model in provider.models:
        yield from model_lines(provider, model)


def unit_lines():
    for name, unit in unit_data.items():
        dimensions = " ".join(f"{word(key)}={word(value)}" for key, value in unit["dimensions"].items())
        yield "unit", word(name), word(unit.get("price_key", name)), str(unit["per"]), dimensions


def copyright_notice():
    licence = (pathlib.Path(__file__).parent / "LICENSE").read_text()
    return next(line for line in licence.splitlines() if line.startswith("Copyright"))


def table(date):
    yield "# Prices of AI models. Written by `cargo xtask prices`; see README.md for the format."
    yield f"# From {PACKAGE}, https://github.com/pydantic/genai-prices, under the MIT licence (LICENSE):"
    yield f"# {copyright_notice()}"
    yield "tamis-prices\t1"
    yield f"source\t{PACKAGE} {importlib.metadata.version(PACKAGE)}"
    yield f"date\t{date}"
    for line in unit_lines():
        yield "\t".join(line)
    for provider in providers:
        for line in provider_lines(provider):
            yield "\t".join(line)


def main():
    path = pathlib.Path(sys.argv[1])
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    before = path.read_text() if path.exists() else ""
    if dated := re.search(r"^date\t(.+)$", before, re.MULTILINE):
        # The same prices keep the day on which they came.
        if before == "\n".join(table(dated[1])) + "\n":
            return
    path.write_text("\n".join(table(today)) + "\n")


main()
