"""A cache that outsiders may fill keeps within its limit, and keeps what is used."""

from trackadmin.compiler.bounded_cache import BoundedCache


def test_it_never_weighs_more_than_its_limit():
    kept = BoundedCache(1000)
    for number in range(500):
        kept.put(number, "value", 1 + number % 90)
        assert kept.weight <= 1000


def test_what_is_used_stays_whatever_is_made_up():
    """F1: what a site's own pages use is not pushed out by a visitor's made-up sets."""
    kept = BoundedCache(1000)
    kept.put("used", "page", 50)
    for number in range(500):
        kept.put(number, "made up", 50)
        assert kept.get("used") == "page"
    assert kept.get(3) is None


def test_what_is_too_heavy_is_not_kept():
    """One value does not push out all others."""
    kept = BoundedCache(1000)
    kept.put("light", 1, 10)
    kept.put("heavy", 2, 501)
    assert kept.get("heavy") is None
    assert kept.get("light") == 1


def test_what_was_put_twice_weighs_once():
    kept = BoundedCache(1000)
    for _ in range(3):
        kept.put("same", 1, 100)
    assert (len(kept), kept.weight) == (1, 100)
