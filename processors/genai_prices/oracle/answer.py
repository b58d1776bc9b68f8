"""genai-prices as an oracle: questions as JSON lines on stdin, an answer each on stdout.

First of all, unasked, a line of everything that there is to ask about.
"""

import json
import sys
import warnings
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version

from genai_prices import calc_price, types
from genai_prices.data import providers
from genai_prices.units import _get_registry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def texts(match):
    """Every text that a match mentions."""
    if match is None:
        return []
    for name in ("or_", "and_"):
        if (clauses := getattr(match, name, None)) is not None:
            return [text for clause in clauses for text in texts(clause)]
    return [next(iter(vars(match).values()))]


def seconds(time):
    return (time.hour * 60 + time.minute) * 60 + time.second


def model(info):
    prices = info.prices if isinstance(info.prices, list) else [types.ConditionalPrice(prices=info.prices)]
    variants = info.price_variants or []
    conditions = [price.constraint for price in [*prices, *variants]]
    values = {key: value for price in [*prices, *variants] for key, value in vars(price.prices).items()}
    tiered = [value for value in values.values() if isinstance(value, types.TieredPrices)]
    dates = [c.start_date for c in conditions if isinstance(c, types.StartDateConstraint)]
    times = [c for c in conditions if isinstance(c, types.TimeOfDateConstraint)]
    registry = _get_registry()
    return {
        "id": info.id,
        "texts": texts(info.match),
        "units": sorted({registry.unit_for_price_key(key).usage_key for key in values}),
        "tiers": sorted({tier.start for value in tiered for tier in value.tiers}),
        "dates": sorted({(date - EPOCH.date()).days for date in dates}),
        "times": sorted({seconds(t) for c in times for t in (c.start_time, c.end_time)}),
        "contexts": [variant.when for variant in variants],
    }


def everything():
    registry = _get_registry()
    return {
        "version": version("genai-prices"),
        "units": {name: sorted(registry.ancestor_usage_keys(name)) for name in registry.units},
        "providers": [
            {"id": p.id, "texts": texts(p.provider_match), "models": [model(info) for info in p.models]}
            for p in providers
        ],
    }


def value(text):
    """A count as a number; seconds as the text of a decimal, or of a float with an f before it."""
    if isinstance(text, int):
        return text
    return float(text[1:]) if text.startswith("f") else Decimal(text)


def answer(question):
    usage = types.Usage(**{name: value(text) for name, text in question["usage"].items()})
    try:
        price = calc_price(
            usage,
            question["model"],
            provider_id=question["provider"],
            genai_request_timestamp=EPOCH + timedelta(microseconds=question["time"]),
            price_context=question["context"],
        )
    except LookupError:
        return {"refused": "unknown"}
    except ValueError as error:
        return {"refused": str(error)}
    return {
        "provider": price.provider.id,
        "model": price.model.id,
        "total": format(price.total_price or Decimal(0), "f"),
        "input": format(price.input_price or Decimal(0), "f"),
        "output": format(price.output_price or Decimal(0), "f"),
    }


def main():
    warnings.simplefilter("error")
    print(json.dumps(everything()), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


main()
