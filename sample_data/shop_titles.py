"""Readable product titles: the source writes "WHITE HANGING HEART T-LIGHT HOLDER"."""

from __future__ import annotations

import re

NAMES = """
    Acapulco; Afghan; Amelie; Baker Street; Bertie; Boudicca; Budah; Buddha; Buffalo Bill; Camden Town; Charlie;
    Charlotte; Chinese; Christmas; Cinderella; Claire; Columbian; Coney Island; Cote d'Azure; cottage garden No;
    Covent Garden; Crusoe; Cupid; Danish; Doc Russel; door sign No; Dotcomgiftshop; Dutch; Easter; Eau de Nil; Eau
    de Nile; Edwardian; Elvis; Emily; England; English; Fanny's; Feng Shui; font No; French; Georgian; Gordon;
    Halloween; Hawaiian; Heidi; Helga; Henrietta; Hilda; I'm; Indians; Ingrid; Jean-Paul; Jubilee; Kashmir;
    Kashmiri; Kensington; La Palmiera; Las Vegas; Lola; Lolita; London; London Bridge; Ma Campagne; Madeline;
    Madras; Mao; Maria; Marie Antoinette; Maxwell; Mexican; Molly; Monte Carlo; Moroccan; Murano; New England;
    Nicole; Noel; Notting Hill; Olivia; Ollie Beak; Oxford Street; Paris; Parisienne; Provencal; Provence; Purdey;
    Rachel; Rebecca; reel Daisy; reel Ruby; Regency; Rex; Riviera; Roman; Rosie; Russian; Sally; Sanskrit; Santa;
    Santas; Savoy; Scandinavian; Sophie; St George; St Tropez; Suki; Susan; Susie; Swiss; Tokyo; Treasure Island;
    Tuscan; Union; Union Jack; Victorian; Willie Winkie; World War;
    A, B, C; ABC; CD; D.O.F; LED; MOP; M.O.P; TV; US; VIP; WC; 3D; A4; A5; A6; A7
"""

_WRITTEN = {" ".join(name.split()).lower(): " ".join(name.split()) for name in NAMES.split(";")}
_NAME = re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(_WRITTEN, key=len, reverse=True)) + r")\b")
_LETTER = re.compile(r"(?<=\")[a-z](?=\")|(?<![\w'])[b-vx-z](?![\w'])")


def readable(title: str) -> str:
    """A title in sentence case, with single spaces, and no mark left over at its end; names keep their capitals.

    >>> readable("WHITE HANGING  HEART T-LIGHT HOLDER ")
    'White hanging heart T-light holder'
    """
    text = re.sub(r"\s*,\s*", ", ", " ".join(title.lower().split())).strip(" ,.")
    text = re.sub(r'(\d")(?=[a-z])', r"\1 ", text)
    text = _NAME.sub(lambda found: _WRITTEN[found[0]], text)
    text = _LETTER.sub(lambda found: found[0].upper(), text)
    return text[:1].upper() + text[1:]
