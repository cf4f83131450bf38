"""What was found of short texts is found once; what is long, or was long ago, costs no memory."""

from assets.telemetry.sources.memory import remembered


def test_a_short_text_is_looked_at_once_and_a_long_one_every_time():
    looked_at = []

    @remembered
    def length(text: str) -> int:
        looked_at.append(text[:1])
        return len(text)

    long = "b" * 100_000
    assert [length(text) for text in ("a", "a", long, long)] == [1, 1, 100_000, 100_000]
    assert looked_at == ["a", "b", "b"]


def test_of_many_texts_only_the_latest_are_remembered():
    looked_at = []
    remember = remembered(looked_at.append)
    for text in ("first", *map(str, range(100_000)), "99999", "first"):
        remember(text)
    assert looked_at[-2:] == ["99999", "first"]
