from __future__ import annotations

import pytest

from shop_titles import readable


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("WHITE HANGING  HEART T-LIGHT HOLDER ", "White hanging heart T-light holder"),
        ("DECOUPAGE,GREETING CARD,", "Decoupage, greeting card"),
        ("KEY FOB , BACK DOOR ", "Key fob, back door"),
        ("CARD I LOVE LONDON", "Card I love London"),
        ("VINTAGE UNION JACK DOORSTOP", "Vintage Union Jack doorstop"),
        ('LETTER "A" BLING KEY RING', 'Letter "A" bling key ring'),
        ("MINI JIGSAW BAKE A CAKE", "Mini jigsaw bake a cake"),
        ("POTTING SHED SOW 'N' GROW SET", "Potting shed sow 'n' grow set"),
        ("RETRO PLASTIC 70'S TRAY", "Retro plastic 70's tray"),
        ("ROMANTIC IMAGES NOTEBOOK SET", "Romantic images notebook set"),
        ("POLYESTER FILLER PAD 40x40cm", "Polyester filler pad 40x40cm"),
        ("12 PENCILS TALL TUBE POSY", "12 pencils tall tube posy"),
        ("SET OF 10 LED DOLLY LIGHTS", "Set of 10 LED dolly lights"),
    ],
)
def test_titles_read_like_sentences(source: str, expected: str) -> None:
    assert readable(source) == expected


def test_a_readable_title_stays_as_it_is() -> None:
    assert readable(readable("DOORMAT UNION JACK GUNS AND ROSES")) == "Doormat Union Jack guns and roses"
