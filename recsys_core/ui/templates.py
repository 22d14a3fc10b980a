"""A small example of each file, to download and fill in."""

from __future__ import annotations

import streamlit as st

from recsys_core.tables.columns import COLUMNS, REQUIRED, Kind

EXAMPLES: dict[Kind, str] = {
    "products": """\
product_id,title,description,category,brand,price,tags,image_url,launched_at
P-1001,Enamel mug with blue rim,"Steel, 350 ml",Kitchen > Mugs & cups,Northfold,8.50,mug|enamel|camping,,2025-03-01
P-1002,Linen apron,"Washed linen, one size",Kitchen > Aprons & textiles,Northfold,24.00,linen|apron,,2025-04-15
P-1003,Beeswax candle,,Home > Candles,,6.90,candle,,
""",
    "interactions": """\
customer_id,product_id,event_type,quantity,unit_price,rating,timestamp
C-1,P-1001,purchase,2,8.50,,2025-05-02 10:14
C-1,P-1003,purchase,1,6.90,5,2025-05-02 10:14
C-2,P-1002,view,,,,2025-05-03 18:40
C-2,P-1001,return,1,8.50,,2025-05-20 09:05
""",
    "customers": """\
customer_id,country,segment
C-1,United Kingdom,household
C-2,Germany,wholesale
""",
}
"""Every known column once; the customers' own columns are examples of attributes."""


def templates() -> None:
    """A button for each example, and which columns a file must have and may have."""
    for kind, text in EXAMPLES.items():
        required = REQUIRED[kind]
        optional = [name for name in COLUMNS[kind] if name not in required]
        more = ", ".join(f"`{name}`" for name in optional) or "any columns of your own"
        st.markdown(
            f"**{kind.capitalize()}**: {', '.join(f'`{name}`' for name in required)}. If you have them: {more}."
        )
        st.download_button(
            f"Example {kind}.csv",
            text,
            file_name=f"{kind}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"template-{kind}",
        )
    st.caption(
        "Separated by commas, semicolons or tabs, in any usual encoding; packed as .csv.gz if you like. Categories go "
        "from large to small: “Kitchen > Mugs & cups”. Rows with the event type “return” don't count as interest."
    )
