import pytest

from dataset_build.release.text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("a cat, très café 猫", "a cat, très café 猫"),
        ("two\nlines\tand\r", r"two\nlines\tand\r"),
        ("\x1b[31mred\x9b0m\x07\x00", r"\x1b[31mred\x9b0m\x07\x00"),
        ("abc\u202etxt.exe\u2028\ufeff", r"abc\u202etxt.exe\u2028\ufeff"),
        ("👩\u200d🚀 wide\u3000space", "👩\u200d🚀 wide\u3000space"),
        ("lone \udc80", r"lone \udc80"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown
