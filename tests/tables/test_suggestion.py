from __future__ import annotations

import time

import pyarrow as pa
import pytest

from recsys_core.tables.columns import Kind
from recsys_core.tables.header_words import key, meanings
from recsys_core.tables.suggestion import Suggested, suggest
from recsys_core.tables.table_kind import guess_kind


def sample(text: str) -> pa.Table:
    """A table from lines of values between "¦", the first line its header."""
    header, *rows = [[cell.strip() for cell in line.split("¦")] for line in text.strip().splitlines()]
    assert all(len(row) == len(header) for row in rows), text
    return pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], names=header)


def mapped(text: str, kind: Kind) -> dict[str, str]:
    return {ours: suggested.theirs for ours, suggested in suggest(sample(text), kind).items()}


PRODUCTS: dict[str, tuple[str, dict[str, str]]] = {
    "Shopify": (
        """
        Handle ¦ Title ¦ Body (HTML) ¦ Vendor ¦ Product Category ¦ Type ¦ Tags ¦ Published ¦ Option1 Name ¦ Option1 Value ¦ Variant SKU ¦ Variant Grams ¦ Variant Inventory Qty ¦ Variant Price ¦ Variant Compare At Price ¦ Variant Barcode ¦ Image Src ¦ Image Position ¦ SEO Title ¦ Status
        blue-mug ¦ Blue mug ¦ <p>A mug.</p> ¦ Potters ¦ Home > Kitchen > Mugs ¦ Mug ¦ blue, gift ¦ TRUE ¦ Size ¦ Small ¦ MUG-BL-S ¦ 350 ¦ 12 ¦ 12.90 ¦ 15.00 ¦ 4012345678901 ¦ https://cdn.shopify.com/s/mug.jpg ¦ 1 ¦ Blue mug by Potters ¦ active
        red-bowl ¦ Red bowl ¦ <p>A bowl.</p> ¦ Potters ¦ Home > Kitchen > Bowls ¦ Bowl ¦ red ¦ TRUE ¦ Size ¦ Large ¦ BOW-RD-L ¦ 650 ¦ 3 ¦ 19.90 ¦  ¦ 4012345678902 ¦ https://cdn.shopify.com/s/bowl.jpg ¦ 1 ¦ Red bowl by Potters ¦ active
        """,
        {
            "product_id": "Variant SKU",
            "title": "Title",
            "description": "Body (HTML)",
            "category": "Product Category",
            "brand": "Vendor",
            "price": "Variant Price",
            "tags": "Tags",
            "image_url": "Image Src",
        },
    ),
    "Shopify without SKUs": (
        """
        Handle ¦ Title ¦ Body (HTML) ¦ Vendor ¦ Type ¦ Tags ¦ Published ¦ Variant SKU ¦ Variant Price ¦ Image Src
        blue-mug ¦ Blue mug ¦ <p>A mug.</p> ¦ Potters ¦ Mug ¦ blue, gift ¦ TRUE ¦  ¦ 12.90 ¦ https://cdn.shopify.com/s/mug.jpg
        red-bowl ¦ Red bowl ¦ <p>A bowl.</p> ¦ Potters ¦ Bowl ¦ red ¦ TRUE ¦  ¦ 19.90 ¦ https://cdn.shopify.com/s/bowl.jpg
        """,
        {
            "product_id": "Handle",
            "title": "Title",
            "description": "Body (HTML)",
            "category": "Type",
            "brand": "Vendor",
            "price": "Variant Price",
            "tags": "Tags",
            "image_url": "Image Src",
        },
    ),
    "WooCommerce": (
        """
        ID ¦ Type ¦ SKU ¦ Name ¦ Published ¦ Is featured? ¦ Visibility in catalog ¦ Short description ¦ Description ¦ Tax status ¦ In stock? ¦ Stock ¦ Weight (kg) ¦ Sale price ¦ Regular price ¦ Categories ¦ Tags ¦ Shipping class ¦ Images ¦ Parent
        101 ¦ simple ¦ MUG-1 ¦ Blue mug ¦ 1 ¦ 0 ¦ visible ¦ A mug. ¦ A mug of blue clay for every day. ¦ taxable ¦ 1 ¦ 14 ¦ 0.35 ¦  ¦ 12.90 ¦ Kitchen > Mugs ¦ blue, gift ¦  ¦ https://shop.example/mug.jpg ¦
        102 ¦ variable ¦ BOWL-2 ¦ Red bowl ¦ 1 ¦ 1 ¦ visible ¦ A bowl. ¦ A bowl of red clay for soups. ¦ taxable ¦ 1 ¦ 3 ¦ 0.65 ¦ 14.90 ¦ 19.90 ¦ Kitchen > Bowls ¦ red ¦  ¦ https://shop.example/bowl.jpg ¦
        """,
        {
            "product_id": "SKU",
            "title": "Name",
            "description": "Description",
            "category": "Categories",
            "price": "Regular price",
            "tags": "Tags",
            "image_url": "Images",
        },
    ),
    "WooCommerce, French": (
        """
        ID ¦ Type ¦ UGS ¦ Nom ¦ Publié ¦ Mis en avant ? ¦ Description courte ¦ Description ¦ En stock ? ¦ Stock ¦ Tarif promo ¦ Tarif régulier ¦ Catégories ¦ Étiquettes ¦ Images
        101 ¦ simple ¦ TAS-1 ¦ Tasse bleue ¦ 1 ¦ 0 ¦ Une tasse. ¦ Une tasse en argile bleue. ¦ 1 ¦ 14 ¦  ¦ 12,90 ¦ Cuisine > Tasses ¦ bleu ¦ https://boutique.example/tasse.jpg
        102 ¦ simple ¦ BOL-2 ¦ Bol rouge ¦ 1 ¦ 1 ¦ Un bol. ¦ Un bol en argile rouge. ¦ 1 ¦ 3 ¦ 14,90 ¦ 19,90 ¦ Cuisine > Bols ¦ rouge ¦ https://boutique.example/bol.jpg
        """,
        {
            "product_id": "UGS",
            "title": "Nom",
            "description": "Description",
            "category": "Catégories",
            "price": "Tarif régulier",
            "tags": "Étiquettes",
            "image_url": "Images",
        },
    ),
    "Google Merchant feed": (
        """
        id ¦ title ¦ description ¦ link ¦ image_link ¦ additional_image_link ¦ availability ¦ availability_date ¦ price ¦ sale_price ¦ google_product_category ¦ product_type ¦ brand ¦ gtin ¦ mpn ¦ condition ¦ item_group_id
        A1 ¦ Blue mug ¦ A mug of blue clay. ¦ https://shop.example/a1 ¦ https://shop.example/a1.jpg ¦ https://shop.example/a1b.jpg ¦ in_stock ¦ 2024-03-01T00:00+0100 ¦ 12.90 EUR ¦  ¦ 2169 ¦ Kitchen > Mugs ¦ Potters ¦ 4012345678901 ¦ M-1 ¦ new ¦ G1
        A2 ¦ Red bowl ¦ A bowl of red clay. ¦ https://shop.example/a2 ¦ https://shop.example/a2.jpg ¦  ¦ preorder ¦ 2024-09-01T00:00+0100 ¦ 19.90 EUR ¦ 14.90 EUR ¦ 3498 ¦ Kitchen > Bowls ¦ Potters ¦ 4012345678902 ¦ M-2 ¦ new ¦ G2
        """,
        {
            "product_id": "id",
            "title": "title",
            "description": "description",
            "category": "product_type",
            "brand": "brand",
            "price": "price",
            "image_url": "image_link",
            "launched_at": "availability_date",
        },
    ),
    "Amazon listings": (
        """
        item-name ¦ item-description ¦ listing-id ¦ seller-sku ¦ price ¦ quantity ¦ open-date ¦ image-url ¦ item-condition ¦ asin1 ¦ status
        Blue mug ¦ A mug of blue clay. ¦ 0301A1 ¦ MUG-1 ¦ 12.90 ¦ 14 ¦ 01/03/2024 09:14:02 GMT ¦ https://m.example/mug.jpg ¦ 11 ¦ B00012ABCD ¦ Active
        Red bowl ¦ A bowl of red clay. ¦ 0301A2 ¦ BOWL-2 ¦ 19.90 ¦ 3 ¦ 15/04/2024 10:00:00 GMT ¦ https://m.example/bowl.jpg ¦ 11 ¦ B00012ABCE ¦ Active
        """,
        {
            "product_id": "seller-sku",
            "title": "item-name",
            "description": "item-description",
            "price": "price",
            "image_url": "image-url",
            "launched_at": "open-date",
        },
    ),
    "Amazon reviews, metadata": (
        """
        asin ¦ title ¦ brand ¦ main_cat ¦ price ¦ imageURL ¦ rank ¦ also_buy
        B0001 ¦ Dog collar ¦ Petco ¦ Pet Supplies ¦ $9.99 ¦ https://images.example/1.jpg ¦ 1,234 in Pets ¦ ['B0002']
        B0002 ¦ Cat toy ¦ Kong ¦ Pet Supplies ¦ $4.50 ¦ https://images.example/2.jpg ¦ 2,345 in Pets ¦ []
        """,
        {
            "product_id": "asin",
            "title": "title",
            "category": "main_cat",
            "brand": "brand",
            "price": "price",
            "image_url": "imageURL",
        },
    ),
    "MovieLens movies": (
        """
        movieId ¦ title ¦ genres
        1 ¦ Toy Story (1995) ¦ Adventure|Animation|Children
        2 ¦ Jumanji (1995) ¦ Adventure|Children|Fantasy
        """,
        {"product_id": "movieId", "title": "title", "tags": "genres"},
    ),
    "UCI stock": (
        """
        StockCode ¦ Description ¦ UnitPrice
        85123A ¦ WHITE HANGING HEART T-LIGHT HOLDER ¦ 2.55
        71053 ¦ WHITE METAL LANTERN ¦ 3.39
        """,
        {"product_id": "StockCode", "title": "Description", "price": "UnitPrice"},
    ),
    "Instacart products": (
        """
        product_id ¦ product_name ¦ aisle_id ¦ department_id
        1 ¦ Chocolate Sandwich Cookies ¦ 61 ¦ 19
        2 ¦ All-Seasons Salt ¦ 104 ¦ 13
        """,
        {"product_id": "product_id", "title": "product_name", "category": "department_id"},
    ),
    "H&M articles": (
        """
        article_id ¦ product_code ¦ prod_name ¦ product_type_name ¦ product_group_name ¦ graphical_appearance_name ¦ colour_group_name ¦ detail_desc
        0108775015 ¦ 0108775 ¦ Strap top ¦ Vest top ¦ Garment Upper body ¦ Solid ¦ Black ¦ Jersey top with narrow shoulder straps.
        0108775044 ¦ 0108775 ¦ Strap top ¦ Vest top ¦ Garment Upper body ¦ Solid ¦ White ¦ Jersey top with narrow shoulder straps.
        """,
        {
            "product_id": "article_id",
            "title": "prod_name",
            "category": "product_type_name",
            "description": "detail_desc",
        },
    ),
    "JTL": (
        """
        Artikelnummer ¦ Artikelname ¦ Kurzbeschreibung ¦ Beschreibung ¦ GTIN ¦ Hersteller ¦ Warengruppe ¦ Std. VK Brutto ¦ Durchschnittlicher EK ¦ UVP ¦ Lagerbestand ¦ Artikelgewicht ¦ Erscheinungsdatum
        T-100 ¦ Tasse blau ¦ Tasse ¦ Eine Tasse aus blauem Ton. ¦ 4012345678901 ¦ Töpferhof ¦ Geschirr ¦ 12,90 ¦ 6,10 ¦ 14,90 ¦ 14 ¦ 0,35 ¦ 01.03.2024
        S-200 ¦ Schale rot ¦ Schale ¦ Eine Schale aus rotem Ton. ¦ 4012345678902 ¦ Töpferhof ¦ Geschirr ¦ 19,90 ¦ 9,10 ¦ 22,90 ¦ 3 ¦ 0,65 ¦ 15.04.2024
        """,
        {
            "product_id": "Artikelnummer",
            "title": "Artikelname",
            "description": "Beschreibung",
            "category": "Warengruppe",
            "brand": "Hersteller",
            "price": "Std. VK Brutto",
            "launched_at": "Erscheinungsdatum",
        },
    ),
    "German ERP": (
        """
        Artikel-Nr. ¦ Bezeichnung ¦ Warengruppe ¦ VK-Preis (€) ¦ EK-Preis (€) ¦ Bestand ¦ EAN ¦ Lieferant
        100-17 ¦ Tasse blau 300 ml ¦ Tassen ¦ 12,90 € ¦ 6,10 € ¦ 14 ¦ 4012345678901 ¦ Töpferhof GmbH
        100-18 ¦ Schale rot ¦ Schalen ¦ 1.019,90 € ¦ 9,10 € ¦ 3 ¦ 4012345678902 ¦ Töpferhof GmbH
        """,
        {
            "product_id": "Artikel-Nr.",
            "title": "Bezeichnung",
            "category": "Warengruppe",
            "brand": "Lieferant",
            "price": "VK-Preis (€)",
        },
    ),
    "Artikel is the number": (
        """
        Artikel ¦ Bezeichnung 1 ¦ Bezeichnung 2 ¦ WGR ¦ Preis
        10017 ¦ Tasse blau ¦ 300 ml ¦ 12 ¦ 12,90
        10018 ¦ Schale rot ¦ groß ¦ 13 ¦ 19,90
        """,
        {"product_id": "Artikel", "title": "Bezeichnung 1", "category": "WGR", "price": "Preis"},
    ),
    "Artikel is the name": (
        """
        Nr. ¦ Artikel ¦ Farbe ¦ Preis ¦ Marke
        17 ¦ Tasse mit Henkel ¦ blau ¦ 12,90 ¦ Töpferhof
        18 ¦ Schale für Suppe ¦ rot ¦ 19,90 ¦ Töpferhof
        """,
        {"product_id": "Nr.", "title": "Artikel", "price": "Preis", "brand": "Marke"},
    ),
    "Shopware 6": (
        """
        id ¦ product_number ¦ translations.DEFAULT.name ¦ translations.DEFAULT.description ¦ manufacturer.translations.DEFAULT.name ¦ categories ¦ price.DEFAULT.gross ¦ price.DEFAULT.net ¦ stock ¦ release_date ¦ active
        0a1b ¦ SW10001 ¦ Tasse ¦ Aus Ton. ¦ Töpferhof ¦ Geschirr > Tassen ¦ 12.90 ¦ 10.84 ¦ 14 ¦ 2024-03-01 ¦ 1
        0a1c ¦ SW10002 ¦ Schale ¦ Auch aus Ton. ¦ Töpferhof ¦ Geschirr > Schalen ¦ 19.90 ¦ 16.72 ¦ 3 ¦ 2024-04-15 ¦ 1
        """,
        {
            "product_id": "product_number",
            "title": "translations.DEFAULT.name",
            "description": "translations.DEFAULT.description",
            "category": "categories",
            "brand": "manufacturer.translations.DEFAULT.name",
            "price": "price.DEFAULT.gross",
            "launched_at": "release_date",
        },
    ),
    "SAP": (
        """
        MATNR ¦ MAKTX ¦ MATKL ¦ MEINS
        000000000000100017 ¦ Tasse blau 300ml ¦ 01012 ¦ ST
        000000000000100018 ¦ Schale rot groß ¦ 01013 ¦ ST
        """,
        {"product_id": "MATNR", "title": "MAKTX", "category": "MATKL"},
    ),
    "PrestaShop, French": (
        """
        Product ID ¦ Actif (0/1) ¦ Nom * ¦ Catégories (x,y,z...) ¦ Prix HT ¦ Référence ¦ Marque ¦ EAN13 ¦ Récapitulatif ¦ Description ¦ Étiquettes (x,y,z...) ¦ URL des images (x,y,z...) ¦ Date de disponibilité du produit
        1 ¦ 1 ¦ Tasse bleue ¦ Tasses ¦ 12.90 ¦ REF-1 ¦ Potier ¦ 3012345678901 ¦ Une tasse. ¦ Une tasse en argile bleue. ¦ bleu ¦ https://b.example/1.jpg ¦ 2024-03-01
        2 ¦ 1 ¦ Bol rouge ¦ Bols ¦ 19.90 ¦ REF-2 ¦ Potier ¦ 3012345678902 ¦ Un bol. ¦ Un bol en argile rouge. ¦ rouge ¦ https://b.example/2.jpg ¦ 2024-04-15
        """,
        {
            "product_id": "Product ID",
            "title": "Nom *",
            "description": "Description",
            "category": "Catégories (x,y,z...)",
            "brand": "Marque",
            "price": "Prix HT",
            "tags": "Étiquettes (x,y,z...)",
            "image_url": "URL des images (x,y,z...)",
            "launched_at": "Date de disponibilité du produit",
        },
    ),
    "French ERP": (
        """
        Réf. ¦ Désignation ¦ Famille ¦ Prix TTC (EUR) ¦ Prix d'achat HT ¦ TVA ¦ Fournisseur
        TAS001 ¦ Tasse bleue 30 cl ¦ Tasses ¦ 12,90 ¦ 6,10 ¦ 20 ¦ Potier SARL
        BOL002 ¦ Bol rouge ¦ Bols ¦ 19,90 ¦ 9,10 ¦ 20 ¦ Potier SARL
        """,
        {
            "product_id": "Réf.",
            "title": "Désignation",
            "category": "Famille",
            "brand": "Fournisseur",
            "price": "Prix TTC (EUR)",
        },
    ),
    "Spanish ERP": (
        """
        Código ¦ Descripción ¦ Familia ¦ PVP ¦ Coste ¦ Stock ¦ Proveedor
        T001 ¦ Taza azul 30 cl ¦ Tazas ¦ 12,90 ¦ 6,10 ¦ 14 ¦ Alfarería SL
        C002 ¦ Cuenco rojo ¦ Cuencos ¦ 19,90 ¦ 9,10 ¦ 3 ¦ Alfarería SL
        """,
        {"product_id": "Código", "title": "Descripción", "category": "Familia", "price": "PVP", "brand": "Proveedor"},
    ),
    "Spanish shop": (
        """
        Referencia ¦ Nombre ¦ Descripción corta ¦ Descripción ¦ Categoría ¦ Marca ¦ Precio (€) ¦ Etiquetas ¦ URL imagen ¦ Fecha de lanzamiento ¦ Peso
        T-1 ¦ Taza azul ¦ Una taza. ¦ Una taza de barro azul. ¦ Cocina > Tazas ¦ Alfar ¦ 12,90 € ¦ azul ¦ https://t.example/1.jpg ¦ 01/03/2024 ¦ 0,35
        C-2 ¦ Cuenco rojo ¦ Un cuenco. ¦ Un cuenco de barro rojo. ¦ Cocina > Cuencos ¦ Alfar ¦ 19,90 € ¦ rojo ¦ https://t.example/2.jpg ¦ 15/04/2024 ¦ 0,65
        """,
        {
            "product_id": "Referencia",
            "title": "Nombre",
            "description": "Descripción",
            "category": "Categoría",
            "brand": "Marca",
            "price": "Precio (€)",
            "tags": "Etiquetas",
            "image_url": "URL imagen",
            "launched_at": "Fecha de lanzamiento",
        },
    ),
    "Chinese shop": (
        """
        商品编号 ¦ 商品名称 ¦ 分类 ¦ 品牌 ¦ 价格（元） ¦ 成本价 ¦ 库存 ¦ 标签 ¦ 主图链接 ¦ 上架时间 ¦ 商品描述
        SP001 ¦ 蓝色陶瓷马克杯 ¦ 杯子 ¦ 陶坊 ¦ 39.90 ¦ 15.00 ¦ 14 ¦ 礼物 ¦ https://img.example/1.jpg ¦ 2024-03-01 10:00:00 ¦ 一个用蓝色陶土制成的杯子
        SP002 ¦ 红色汤碗 ¦ 碗 ¦ 陶坊 ¦ 59.90 ¦ 25.00 ¦ 3 ¦ 厨房 ¦ https://img.example/2.jpg ¦ 2024-04-15 10:00:00 ¦ 一个用红色陶土制成的碗
        """,
        {
            "product_id": "商品编号",
            "title": "商品名称",
            "description": "商品描述",
            "category": "分类",
            "brand": "品牌",
            "price": "价格（元）",
            "tags": "标签",
            "image_url": "主图链接",
            "launched_at": "上架时间",
        },
    ),
    "Taobao": (
        """
        宝贝ID ¦ 宝贝标题 ¦ 宝贝类目 ¦ 一口价 ¦ 商家编码 ¦ 库存数量
        612345678901 ¦ 蓝色陶瓷马克杯 ¦ 杯子 ¦ 39.90 ¦ TB-1 ¦ 14
        612345678902 ¦ 红色汤碗 ¦ 碗 ¦ 59.90 ¦ TB-2 ¦ 3
        """,
        {"product_id": "商家编码", "title": "宝贝标题", "category": "宝贝类目", "price": "一口价"},
    ),
    "Traditional Chinese": (
        """
        貨號 ¦ 品名 ¦ 類別 ¦ 廠牌 ¦ 售價 ¦ 規格 ¦ 上市日期 ¦ 圖片網址
        A-001 ¦ 藍色馬克杯 ¦ 杯子 ¦ 陶坊 ¦ 390 ¦ 300ml ¦ 2024/03/01 ¦ https://img.example/1.jpg
        A-002 ¦ 紅色湯碗 ¦ 碗 ¦ 陶坊 ¦ 590 ¦ 大 ¦ 2024/04/15 ¦ https://img.example/2.jpg
        """,
        {
            "product_id": "貨號",
            "title": "品名",
            "category": "類別",
            "brand": "廠牌",
            "price": "售價",
            "launched_at": "上市日期",
            "image_url": "圖片網址",
        },
    ),
    "Chinese and English": (
        """
        商品编码(SKU) ¦ 商品名称/Product Name ¦ 品牌 Brand ¦ 零售价(RMB) ¦ 颜色
        SP001 ¦ 蓝色陶瓷马克杯 ¦ 陶坊 ¦ 39.90 ¦ 蓝
        SP002 ¦ 红色汤碗 ¦ 陶坊 ¦ 59.90 ¦ 红
        """,
        {
            "product_id": "商品编码(SKU)",
            "title": "商品名称/Product Name",
            "brand": "品牌 Brand",
            "price": "零售价(RMB)",
        },
    ),
    "RecBole items": (
        """
        item_id:token ¦ name:token_seq ¦ price:float ¦ release_year:token
        10 ¦ Blue mug ¦ 12.9 ¦ 2019
        11 ¦ Red bowl ¦ 19.9 ¦ 2020
        """,
        {"product_id": "item_id:token", "title": "name:token_seq", "price": "price:float"},
    ),
}

INTERACTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "Shopify orders": (
        """
        Name ¦ Email ¦ Financial Status ¦ Paid at ¦ Fulfillment Status ¦ Currency ¦ Subtotal ¦ Shipping ¦ Total ¦ Created at ¦ Lineitem quantity ¦ Lineitem name ¦ Lineitem price ¦ Lineitem compare at price ¦ Lineitem sku ¦ Billing Name ¦ Billing City ¦ Id ¦ Tags ¦ Vendor
        #1001 ¦ ann@example.com ¦ paid ¦ 2024-03-01 10:02:00 +0100 ¦ fulfilled ¦ EUR ¦ 25.80 ¦ 4.90 ¦ 30.70 ¦ 2024-03-01 10:01:00 +0100 ¦ 2 ¦ Blue mug ¦ 12.90 ¦ 15.00 ¦ MUG-1 ¦ Ann Arbor ¦ Ulm ¦ 500001 ¦  ¦ Potters
        #1002 ¦ bob@example.com ¦ paid ¦ 2024-03-02 11:02:00 +0100 ¦ fulfilled ¦ EUR ¦ 19.90 ¦ 4.90 ¦ 24.80 ¦ 2024-03-02 11:01:00 +0100 ¦ 1 ¦ Red bowl ¦ 19.90 ¦  ¦ BOWL-2 ¦ Bob Barker ¦ Bonn ¦ 500002 ¦  ¦ Potters
        """,
        {
            "customer_id": "Email",
            "product_id": "Lineitem sku",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "timestamp": "Created at",
        },
    ),
    "orders with customer ids": (
        """
        Order ID ¦ Customer ID ¦ Email ¦ Lineitem sku ¦ Lineitem quantity ¦ Lineitem price ¦ Created at
        1001 ¦ 77 ¦ ann@example.com ¦ MUG-1 ¦ 2 ¦ 12.90 ¦ 2024-03-01 10:01:00
        1002 ¦ 78 ¦ bob@example.com ¦ BOWL-2 ¦ 1 ¦ 19.90 ¦ 2024-03-02 11:01:00
        """,
        {
            "customer_id": "Customer ID",
            "product_id": "Lineitem sku",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "timestamp": "Created at",
        },
    ),
    "WooCommerce orders": (
        """
        order_id ¦ order_number ¦ order_date ¦ paid_date ¦ status ¦ order_total ¦ customer_id ¦ customer_user ¦ billing_email ¦ line_item_product_id ¦ line_item_name ¦ item_sku ¦ item_quantity ¦ item_price
        901 ¦ 901 ¦ 2024-03-01 10:01:00 ¦ 2024-03-01 10:02:00 ¦ completed ¦ 30.70 ¦ 77 ¦ 77 ¦ ann@example.com ¦ 101 ¦ Blue mug ¦ MUG-1 ¦ 2 ¦ 12.90
        902 ¦ 902 ¦ 2024-03-02 11:01:00 ¦ 2024-03-02 11:02:00 ¦ completed ¦ 24.80 ¦ 78 ¦ 78 ¦ bob@example.com ¦ 102 ¦ Red bowl ¦ BOWL-2 ¦ 1 ¦ 19.90
        """,
        {
            "customer_id": "customer_id",
            "product_id": "item_sku",
            "quantity": "item_quantity",
            "unit_price": "item_price",
            "timestamp": "order_date",
        },
    ),
    "UCI online retail": (
        """
        InvoiceNo ¦ StockCode ¦ Description ¦ Quantity ¦ InvoiceDate ¦ UnitPrice ¦ CustomerID ¦ Country
        536365 ¦ 85123A ¦ WHITE HANGING HEART T-LIGHT HOLDER ¦ 6 ¦ 12/1/10 8:26 ¦ 2.55 ¦ 17850.0 ¦ United Kingdom
        C536379 ¦ 71053 ¦ WHITE METAL LANTERN ¦ -1 ¦ 12/1/10 9:41 ¦ 3.39 ¦ 14527.0 ¦ United Kingdom
        """,
        {
            "customer_id": "CustomerID",
            "product_id": "StockCode",
            "quantity": "Quantity",
            "unit_price": "UnitPrice",
            "timestamp": "InvoiceDate",
        },
    ),
    "UCI online retail II": (
        """
        Invoice ¦ StockCode ¦ Description ¦ Quantity ¦ InvoiceDate ¦ Price ¦ Customer ID ¦ Country
        489434 ¦ 85048 ¦ 15CM CHRISTMAS GLASS BALL 20 LIGHTS ¦ 12 ¦ 2009-12-01 07:45:00 ¦ 6.95 ¦ 13085 ¦ United Kingdom
        489435 ¦ 22350 ¦ CAT BOWL ¦ 12 ¦ 2009-12-01 07:46:00 ¦ 2.55 ¦ 13086 ¦ United Kingdom
        """,
        {
            "customer_id": "Customer ID",
            "product_id": "StockCode",
            "quantity": "Quantity",
            "unit_price": "Price",
            "timestamp": "InvoiceDate",
        },
    ),
    "MovieLens": (
        """
        userId ¦ movieId ¦ rating ¦ timestamp
        1 ¦ 31 ¦ 2.5 ¦ 1260759144
        1 ¦ 1029 ¦ 3.0 ¦ 1260759179
        """,
        {"customer_id": "userId", "product_id": "movieId", "rating": "rating", "timestamp": "timestamp"},
    ),
    "Amazon reviews": (
        """
        reviewerID ¦ asin ¦ reviewerName ¦ helpful ¦ reviewText ¦ overall ¦ summary ¦ unixReviewTime ¦ reviewTime
        A1YJEY40YUW4SE ¦ 7806397051 ¦ Andrea ¦ [3, 4] ¦ Very oily and creamy. ¦ 1.0 ¦ Don't waste your money ¦ 1391040000 ¦ 01 30, 2014
        A60XNB876KYML ¦ 7806397051 ¦ Jessica H. ¦ [1, 1] ¦ This palette was a decent price. ¦ 3.0 ¦ OK Palette! ¦ 1397779200 ¦ 04 18, 2014
        """,
        {"customer_id": "reviewerID", "product_id": "asin", "rating": "overall", "timestamp": "unixReviewTime"},
    ),
    "Amazon reviews 2023": (
        """
        rating ¦ title ¦ text ¦ images ¦ asin ¦ parent_asin ¦ user_id ¦ timestamp ¦ helpful_vote ¦ verified_purchase
        5.0 ¦ Such a lovely scent ¦ This spray is really nice. ¦ [] ¦ B00YQ6X8EO ¦ B00YQ6X8EO ¦ AGKHLEW2SOWHNMFQIJGBECAF7INQ ¦ 1588687728923 ¦ 0 ¦ True
        4.0 ¦ Works great ¦ This product does what I need. ¦ [] ¦ B081TJ8YS3 ¦ B081TJ8YS3 ¦ AGKHLEW2SOWHNMFQIJGBECAF7INR ¦ 1588615855070 ¦ 1 ¦ True
        """,
        {"customer_id": "user_id", "product_id": "asin", "rating": "rating", "timestamp": "timestamp"},
    ),
    "RetailRocket": (
        """
        timestamp ¦ visitorid ¦ event ¦ itemid ¦ transactionid
        1433221332117 ¦ 257597 ¦ view ¦ 355908 ¦
        1433224214164 ¦ 992329 ¦ addtocart ¦ 248676 ¦
        """,
        {"customer_id": "visitorid", "product_id": "itemid", "event_type": "event", "timestamp": "timestamp"},
    ),
    "REES46": (
        """
        event_time ¦ event_type ¦ product_id ¦ category_id ¦ category_code ¦ brand ¦ price ¦ user_id ¦ user_session
        2019-10-01 00:00:00 UTC ¦ view ¦ 44600062 ¦ 2103807459595387724 ¦  ¦ shiseido ¦ 35.79 ¦ 541312140 ¦ 72d76fde-8bb3
        2019-10-01 00:00:01 UTC ¦ cart ¦ 3900821 ¦ 2053013552326770905 ¦ appliances.environment ¦ aqua ¦ 33.20 ¦ 554748717 ¦ 9333dfbd-b87a
        """,
        {
            "customer_id": "user_id",
            "product_id": "product_id",
            "event_type": "event_type",
            "unit_price": "price",
            "timestamp": "event_time",
        },
    ),
    "H&M transactions": (
        """
        t_dat ¦ customer_id ¦ article_id ¦ price ¦ sales_channel_id
        2018-09-20 ¦ 000058a12d5b43e67d225668fa1f8d618c13dc232df0cad8ffe7ad4a1091e318 ¦ 0663713001 ¦ 0.050831 ¦ 2
        2018-09-21 ¦ 00007d2de826758b65a93dd24ce629ed66842531df6699338c5570910a014cc2 ¦ 0541518023 ¦ 0.030492 ¦ 2
        """,
        {"customer_id": "customer_id", "product_id": "article_id", "unit_price": "price", "timestamp": "t_dat"},
    ),
    "Instacart, joined": (
        """
        order_id ¦ user_id ¦ order_number ¦ order_dow ¦ order_hour_of_day ¦ days_since_prior_order ¦ product_id ¦ add_to_cart_order ¦ reordered
        2539329 ¦ 1 ¦ 1 ¦ 2 ¦ 08 ¦  ¦ 196 ¦ 1 ¦ 0
        2398795 ¦ 1 ¦ 2 ¦ 3 ¦ 07 ¦ 15.0 ¦ 14084 ¦ 2 ¦ 1
        """,
        {"customer_id": "user_id", "product_id": "product_id"},
    ),
    "Superstore": (
        """
        Row ID ¦ Order ID ¦ Order Date ¦ Ship Date ¦ Ship Mode ¦ Customer ID ¦ Customer Name ¦ Segment ¦ City ¦ Postal Code ¦ Product ID ¦ Category ¦ Sub-Category ¦ Product Name ¦ Sales ¦ Quantity ¦ Discount ¦ Profit
        1 ¦ CA-2016-152156 ¦ 11/8/2016 ¦ 11/11/2016 ¦ Second Class ¦ CG-12520 ¦ Claire Gute ¦ Consumer ¦ Henderson ¦ 42420 ¦ FUR-BO-10001798 ¦ Furniture ¦ Bookcases ¦ Bush Somerset Bookcase ¦ 261.96 ¦ 2 ¦ 0 ¦ 41.9136
        2 ¦ CA-2016-138688 ¦ 6/12/2016 ¦ 6/16/2016 ¦ Second Class ¦ DV-13045 ¦ Darrin Van Huff ¦ Corporate ¦ Los Angeles ¦ 90036 ¦ OFF-LA-10000240 ¦ Office Supplies ¦ Labels ¦ Address Labels ¦ 14.62 ¦ 2 ¦ 0 ¦ 6.8714
        """,
        {
            "customer_id": "Customer ID",
            "product_id": "Product ID",
            "quantity": "Quantity",
            "timestamp": "Order Date",
        },
    ),
    "Amazon orders": (
        """
        amazon-order-id ¦ merchant-order-id ¦ purchase-date ¦ last-updated-date ¦ order-status ¦ buyer-email ¦ product-name ¦ sku ¦ asin ¦ quantity ¦ currency ¦ item-price
        302-1 ¦ 302-1 ¦ 2024-03-01T10:01:00+00:00 ¦ 2024-03-04T10:01:00+00:00 ¦ Shipped ¦ a1@marketplace.amazon.de ¦ Blue mug ¦ MUG-1 ¦ B0001 ¦ 1 ¦ EUR ¦ 12.90
        302-2 ¦ 302-2 ¦ 2024-03-02T10:01:00+00:00 ¦ 2024-03-05T10:01:00+00:00 ¦ Shipped ¦ a2@marketplace.amazon.de ¦ Red bowl ¦ BOWL-2 ¦ B0002 ¦ 2 ¦ EUR ¦ 19.90
        """,
        {
            "customer_id": "buyer-email",
            "product_id": "sku",
            "quantity": "quantity",
            "unit_price": "item-price",
            "timestamp": "purchase-date",
        },
    ),
    "GoodBooks": (
        """
        User-ID ¦ ISBN ¦ Book-Rating
        276725 ¦ 034545104X ¦ 0
        276726 ¦ 0155061224 ¦ 5
        """,
        {"customer_id": "User-ID", "product_id": "ISBN", "rating": "Book-Rating"},
    ),
    "Olist": (
        """
        order_id ¦ customer_unique_id ¦ order_purchase_timestamp ¦ order_approved_at ¦ order_item_id ¦ product_id ¦ seller_id ¦ price ¦ freight_value ¦ review_score
        e481f51c ¦ 7c396fd4830f ¦ 2017-10-02 10:56:33 ¦ 2017-10-02 11:07:15 ¦ 1 ¦ 87285b34884572 ¦ 3504c0cb ¦ 29.99 ¦ 8.72 ¦ 4
        53cdb2fc ¦ af07308b275d ¦ 2018-07-24 20:41:37 ¦ 2018-07-26 03:24:27 ¦ 1 ¦ 595fac2a385ac3 ¦ 289cdb32 ¦ 118.70 ¦ 22.76 ¦ 5
        """,
        {
            "customer_id": "customer_unique_id",
            "product_id": "product_id",
            "unit_price": "price",
            "rating": "review_score",
            "timestamp": "order_purchase_timestamp",
        },
    ),
    "German orders": (
        """
        Bestellnummer ¦ Kundennummer ¦ Artikel-Nr. ¦ Bezeichnung ¦ Bestelldatum ¦ Lieferdatum ¦ Menge ¦ Stückpreis ¦ Gesamtpreis
        B-9001 ¦ 30017 ¦ 100-17 ¦ Tasse blau ¦ 01.03.2024 ¦ 04.03.2024 ¦ 2 ¦ 12,90 ¦ 25,80
        B-9002 ¦ 30018 ¦ 100-18 ¦ Schale rot ¦ 02.03.2024 ¦ 05.03.2024 ¦ 1 ¦ 19,90 ¦ 19,90
        """,
        {
            "customer_id": "Kundennummer",
            "product_id": "Artikel-Nr.",
            "quantity": "Menge",
            "unit_price": "Stückpreis",
            "timestamp": "Bestelldatum",
        },
    ),
    "German invoices": (
        """
        Belegnr ¦ Pos. ¦ Belegdatum ¦ Kd-Nr ¦ Kunde ¦ ArtNr ¦ Artikelbezeichnung ¦ Anz. ¦ E-Preis netto ¦ Rabatt ¦ Summe
        R24-1 ¦ 1 ¦ 01.03.24 ¦ 30017 ¦ Gasthof Adler ¦ 10017 ¦ Tasse blau ¦ 24 ¦ 10,84 ¦ 5% ¦ 247,15
        R24-1 ¦ 2 ¦ 01.03.24 ¦ 30017 ¦ Gasthof Adler ¦ 10018 ¦ Schale rot ¦ 12 ¦ 16,72 ¦ 5% ¦ 190,61
        """,
        {
            "customer_id": "Kd-Nr",
            "product_id": "ArtNr",
            "quantity": "Anz.",
            "unit_price": "E-Preis netto",
            "timestamp": "Belegdatum",
        },
    ),
    "German without umlauts": (
        """
        Auftragsnummer ¦ KundenNr ¦ Artikelnummer ¦ Stueckzahl ¦ Stueckpreis (EUR) ¦ Kaufdatum
        1 ¦ 30017 ¦ 10017 ¦ 2 ¦ 12,90 ¦ 2024-03-01
        2 ¦ 30018 ¦ 10018 ¦ 1 ¦ 19,90 ¦ 2024-03-02
        """,
        {
            "customer_id": "KundenNr",
            "product_id": "Artikelnummer",
            "quantity": "Stueckzahl",
            "unit_price": "Stueckpreis (EUR)",
            "timestamp": "Kaufdatum",
        },
    ),
    "French orders": (
        """
        N° commande ¦ Date de commande ¦ Code client ¦ Nom du client ¦ Référence ¦ Désignation ¦ Qté ¦ PU HT ¦ Total HT
        C-1 ¦ 01/03/2024 ¦ CL017 ¦ Dupont ¦ TAS001 ¦ Tasse bleue ¦ 2 ¦ 10,75 ¦ 21,50
        C-2 ¦ 02/03/2024 ¦ CL018 ¦ Durand ¦ BOL002 ¦ Bol rouge ¦ 1 ¦ 16,58 ¦ 16,58
        """,
        {
            "customer_id": "Code client",
            "product_id": "Référence",
            "quantity": "Qté",
            "unit_price": "PU HT",
            "timestamp": "Date de commande",
        },
    ),
    "French, in words": (
        """
        date ¦ client ¦ produit ¦ quantité ¦ prix
        2024-03-01 ¦ 17 ¦ 101 ¦ 2 ¦ 12,90
        2024-03-02 ¦ 18 ¦ 102 ¦ 1 ¦ 19,90
        """,
        {
            "customer_id": "client",
            "product_id": "produit",
            "quantity": "quantité",
            "unit_price": "prix",
            "timestamp": "date",
        },
    ),
    "Spanish orders": (
        """
        Nº pedido ¦ Fecha pedido ¦ Cliente ¦ Artículo ¦ Cantidad ¦ Precio unitario ¦ Importe
        P-1 ¦ 01/03/2024 ¦ 430017 ¦ T001 ¦ 2 ¦ 12,90 ¦ 25,80
        P-2 ¦ 02/03/2024 ¦ 430018 ¦ C002 ¦ 1 ¦ 19,90 ¦ 19,90
        """,
        {
            "customer_id": "Cliente",
            "product_id": "Artículo",
            "quantity": "Cantidad",
            "unit_price": "Precio unitario",
            "timestamp": "Fecha pedido",
        },
    ),
    "Chinese orders": (
        """
        订单编号 ¦ 会员号 ¦ 商品编号 ¦ 商品名称 ¦ 数量 ¦ 单价（元） ¦ 实付金额 ¦ 下单时间 ¦ 付款时间 ¦ 订单状态
        202403010001 ¦ VIP017 ¦ SP001 ¦ 蓝色陶瓷马克杯 ¦ 2 ¦ 39.90 ¦ 79.80 ¦ 2024/3/1 10:01 ¦ 2024/3/1 10:02 ¦ 已完成
        202403020001 ¦ VIP018 ¦ SP002 ¦ 红色汤碗 ¦ 1 ¦ 59.90 ¦ 59.90 ¦ 2024/3/2 11:01 ¦ 2024/3/2 11:02 ¦ 已完成
        """,
        {
            "customer_id": "会员号",
            "product_id": "商品编号",
            "quantity": "数量",
            "unit_price": "单价（元）",
            "timestamp": "下单时间",
        },
    ),
    "Taobao orders": (
        """
        订单编号 ¦ 买家会员名 ¦ 买家实际支付金额 ¦ 宝贝标题 ¦ 宝贝数量 ¦ 商家编码 ¦ 订单创建时间 ¦ 订单付款时间 ¦ 收货人姓名
        3801 ¦ tb017 ¦ 79.80 ¦ 蓝色陶瓷马克杯 ¦ 2 ¦ TB-1 ¦ 2024-03-01 10:01:00 ¦ 2024-03-01 10:02:00 ¦ 王**
        3802 ¦ tb018 ¦ 59.90 ¦ 红色汤碗 ¦ 1 ¦ TB-2 ¦ 2024-03-02 11:01:00 ¦ 2024-03-02 11:02:00 ¦ 李**
        """,
        {
            "customer_id": "买家会员名",
            "product_id": "商家编码",
            "quantity": "宝贝数量",
            "timestamp": "订单创建时间",
        },
    ),
    "Taobao behaviour": (
        """
        user_id ¦ item_id ¦ behavior_type ¦ user_geohash ¦ item_category ¦ time
        98047837 ¦ 232431562 ¦ 1 ¦ 9q8yyk ¦ 4245 ¦ 2014-12-06 02
        97726136 ¦ 383583590 ¦ 4 ¦ 9q9hvc ¦ 5894 ¦ 2014-12-09 20
        """,
        {
            "customer_id": "user_id",
            "product_id": "item_id",
            "event_type": "behavior_type",
            "timestamp": "time",
        },
    ),
    "Traditional Chinese orders": (
        """
        訂單編號 ¦ 訂單日期 ¦ 客戶編號 ¦ 貨號 ¦ 數量 ¦ 單價 ¦ 小計
        T1 ¦ 2024/03/01 ¦ C0017 ¦ A-001 ¦ 2 ¦ 390 ¦ 780
        T2 ¦ 2024/03/02 ¦ C0018 ¦ A-002 ¦ 1 ¦ 590 ¦ 590
        """,
        {
            "customer_id": "客戶編號",
            "product_id": "貨號",
            "quantity": "數量",
            "unit_price": "單價",
            "timestamp": "訂單日期",
        },
    ),
    "Google Analytics": (
        """
        event_date ¦ event_timestamp ¦ event_name ¦ user_pseudo_id ¦ items.item_id ¦ items.item_name ¦ items.price ¦ items.quantity
        20210131 ¦ 1612069510766593 ¦ add_to_cart ¦ 1026454.4271112504 ¦ 9195753 ¦ Google Tee ¦ 24 ¦ 1
        20210131 ¦ 1612069520766594 ¦ purchase ¦ 1026455.4271112505 ¦ 9195754 ¦ Google Mug ¦ 14 ¦ 2
        """,
        {
            "customer_id": "user_pseudo_id",
            "product_id": "items.item_id",
            "event_type": "event_name",
            "quantity": "items.quantity",
            "unit_price": "items.price",
            "timestamp": "event_timestamp",
        },
    ),
    "Magento orders": (
        """
        Order # ¦ Purchase Date ¦ Customer Name ¦ Customer Email ¦ SKU ¦ Product Name ¦ Qty Ordered ¦ Price ¦ Row Total
        000000001 ¦ Mar 1, 2024 10:01:00 AM ¦ Ann Arbor ¦ ann@example.com ¦ MUG-1 ¦ Blue mug ¦ 2 ¦ $12.90 ¦ $25.80
        000000002 ¦ Mar 2, 2024 11:01:00 AM ¦ Bob Barker ¦ bob@example.com ¦ BOWL-2 ¦ Red bowl ¦ 1 ¦ $19.90 ¦ $19.90
        """,
        {
            "customer_id": "Customer Email",
            "product_id": "SKU",
            "quantity": "Qty Ordered",
            "unit_price": "Price",
            "timestamp": "Purchase Date",
        },
    ),
    "Square": (
        """
        Date ¦ Time ¦ Category ¦ Item ¦ Qty ¦ SKU ¦ Gross Sales ¦ Discounts ¦ Net Sales ¦ Tax ¦ Transaction ID ¦ Customer ID ¦ Customer Name
        2024-03-01 ¦ 10:01:00 ¦ Mugs ¦ Blue mug ¦ 2.0 ¦ MUG-1 ¦ $25.80 ¦ $0.00 ¦ $25.80 ¦ $0.00 ¦ aBc1 ¦ CU77A1 ¦ Ann
        2024-03-02 ¦ 11:01:00 ¦ Bowls ¦ Red bowl ¦ 1.0 ¦ BOWL-2 ¦ $19.90 ¦ $0.00 ¦ $19.90 ¦ $0.00 ¦ aBc2 ¦ CU78A2 ¦ Bob
        """,
        {"customer_id": "Customer ID", "product_id": "SKU", "quantity": "Qty", "timestamp": "Date"},
    ),
    "Odoo": (
        """
        Order Reference ¦ Order Date ¦ Customer ¦ Order Lines/Product ¦ Order Lines/Quantity ¦ Order Lines/Unit Price ¦ Total
        S00011 ¦ 2024-03-01 10:01:00 ¦ Ann Arbor ¦ [MUG-1] Blue mug ¦ 2.00 ¦ 12.90 ¦ 25.80
        S00012 ¦ 2024-03-02 11:01:00 ¦ Bob Barker ¦ [BOWL-2] Red bowl ¦ 1.00 ¦ 19.90 ¦ 19.90
        """,
        {
            "customer_id": "Customer",
            "product_id": "Order Lines/Product",
            "quantity": "Order Lines/Quantity",
            "unit_price": "Order Lines/Unit Price",
            "timestamp": "Order Date",
        },
    ),
    "German till": (
        """
        Bon-Nr ¦ Datum ¦ Uhrzeit ¦ Kundenkarte ¦ EAN ¦ Text ¦ Stk ¦ VK ¦ Umsatz
        1001 ¦ 01.03.2024 ¦ 10:01 ¦ K30017 ¦ 4012345678901 ¦ Tasse blau ¦ 2 ¦ 12,90 ¦ 25,80
        1002 ¦ 02.03.2024 ¦ 11:01 ¦ K30018 ¦ 4012345678902 ¦ Schale rot ¦ 1 ¦ 19,90 ¦ 19,90
        """,
        {
            "customer_id": "Kundenkarte",
            "product_id": "EAN",
            "quantity": "Stk",
            "unit_price": "VK",
            "timestamp": "Datum",
        },
    ),
    "Shopee": (
        """
        訂單編號 ¦ 訂單狀態 ¦ 買家帳號 ¦ 訂單成立日期 ¦ 商品名稱 ¦ 主商品貨號 ¦ 商品選項名稱 ¦ 商品活動價格 ¦ 數量 ¦ 買家總支付金額
        240301A ¦ 完成 ¦ ann_1 ¦ 2024-03-01 10:01 ¦ 藍色馬克杯 ¦ A-001 ¦ 大 ¦ 390 ¦ 1 ¦ 450
        240302B ¦ 完成 ¦ bob_2 ¦ 2024-03-02 11:01 ¦ 紅色湯碗 ¦ A-002 ¦ 小 ¦ 590 ¦ 2 ¦ 1240
        """,
        {
            "customer_id": "買家帳號",
            "product_id": "主商品貨號",
            "quantity": "數量",
            "unit_price": "商品活動價格",
            "timestamp": "訂單成立日期",
        },
    ),
    "Yonyou": (
        """
        单据日期 ¦ 单据号 ¦ 客户编码 ¦ 客户名称 ¦ 存货编码 ¦ 存货名称 ¦ 主数量 ¦ 含税单价 ¦ 价税合计
        2024-03-01 ¦ XS0001 ¦ K001 ¦ 上海商贸 ¦ SP001 ¦ 蓝色杯子 ¦ 2 ¦ 39.90 ¦ 79.80
        2024-03-02 ¦ XS0002 ¦ K002 ¦ 北京商贸 ¦ SP002 ¦ 红色汤碗 ¦ 1 ¦ 59.90 ¦ 59.90
        """,
        {
            "customer_id": "客户编码",
            "product_id": "存货编码",
            "quantity": "主数量",
            "unit_price": "含税单价",
            "timestamp": "单据日期",
        },
    ),
    "RecBole": (
        """
        user_id:token ¦ item_id:token ¦ rating:float ¦ timestamp:float
        196 ¦ 242 ¦ 3 ¦ 881250949
        186 ¦ 302 ¦ 3 ¦ 891717742
        """,
        {
            "customer_id": "user_id:token",
            "product_id": "item_id:token",
            "rating": "rating:float",
            "timestamp": "timestamp:float",
        },
    ),
}

CUSTOMERS: dict[str, tuple[str, dict[str, str]]] = {
    "Shopify customers": (
        """
        Customer ID ¦ First Name ¦ Last Name ¦ Email ¦ Accepts Email Marketing ¦ City ¦ Country ¦ Total Spent ¦ Total Orders ¦ Tags
        '77 ¦ Ann ¦ Arbor ¦ ann@example.com ¦ yes ¦ Ulm ¦ Germany ¦ 120.50 ¦ 3 ¦ vip
        '78 ¦ Bob ¦ Barker ¦ bob@example.com ¦ no ¦ Bonn ¦ Germany ¦ 20.00 ¦ 1 ¦
        """,
        {"customer_id": "Customer ID"},
    ),
    "id and name": (
        """
        id ¦ name ¦ email ¦ city ¦ birthday
        77 ¦ Ann Arbor ¦ ann@example.com ¦ Ulm ¦ 1980-01-02
        78 ¦ Bob Barker ¦ bob@example.com ¦ Bonn ¦ 1990-03-04
        """,
        {"customer_id": "id"},
    ),
    "H&M customers": (
        """
        customer_id ¦ FN ¦ Active ¦ club_member_status ¦ fashion_news_frequency ¦ age ¦ postal_code
        00000dbacae5 ¦  ¦  ¦ ACTIVE ¦ NONE ¦ 49 ¦ 52043ee2162c
        0000423b00ad ¦  ¦  ¦ ACTIVE ¦ NONE ¦ 25 ¦ 2973abc54daa
        """,
        {"customer_id": "customer_id"},
    ),
    "German customers": (
        """
        Kunden-Nr. ¦ Anrede ¦ Vorname ¦ Nachname ¦ PLZ ¦ Ort ¦ E-Mail ¦ Kundengruppe
        30017 ¦ Frau ¦ Anna ¦ Adler ¦ 89073 ¦ Ulm ¦ anna@example.de ¦ Stammkunde
        30018 ¦ Herr ¦ Bernd ¦ Bauer ¦ 53111 ¦ Bonn ¦ bernd@example.de ¦ Neukunde
        """,
        {"customer_id": "Kunden-Nr."},
    ),
    "French customers": (
        """
        N° client ¦ Civilité ¦ Nom ¦ Prénom ¦ Code postal ¦ Ville ¦ Courriel
        CL017 ¦ Mme ¦ Dupont ¦ Anne ¦ 75011 ¦ Paris ¦ anne@example.fr
        CL018 ¦ M. ¦ Durand ¦ Paul ¦ 69001 ¦ Lyon ¦ paul@example.fr
        """,
        {"customer_id": "N° client"},
    ),
    "Spanish customers": (
        """
        Código cliente ¦ Nombre ¦ Apellidos ¦ Teléfono ¦ Ciudad ¦ Correo electrónico
        430017 ¦ Ana ¦ Álvarez ¦ 600111222 ¦ Madrid ¦ ana@example.es
        430018 ¦ Benito ¦ Blanco ¦ 600111223 ¦ Sevilla ¦ benito@example.es
        """,
        {"customer_id": "Código cliente"},
    ),
    "Chinese customers": (
        """
        会员编号 ¦ 姓名 ¦ 性别 ¦ 手机号 ¦ 城市 ¦ 会员等级 ¦ 注册时间 ¦ 积分
        VIP017 ¦ 王芳 ¦ 女 ¦ 13800000001 ¦ 上海 ¦ 金卡 ¦ 2022-01-02 ¦ 1200
        VIP018 ¦ 李强 ¦ 男 ¦ 13800000002 ¦ 北京 ¦ 银卡 ¦ 2023-03-04 ¦ 300
        """,
        {"customer_id": "会员编号"},
    ),
    "only e-mail addresses": (
        """
        Email ¦ First name ¦ Newsletter ¦ Segment
        ann@example.com ¦ Ann ¦ yes ¦ gold
        bob@example.com ¦ Bob ¦ no ¦ silver
        """,
        {"customer_id": "Email"},
    ),
    "MovieLens users": (
        """
        user_id ¦ gender ¦ age ¦ occupation ¦ zip_code
        1 ¦ F ¦ 1 ¦ 10 ¦ 48067
        2 ¦ M ¦ 56 ¦ 16 ¦ 70072
        """,
        {"customer_id": "user_id"},
    ),
}

FILES: dict[Kind, dict[str, tuple[str, dict[str, str]]]] = {
    "products": PRODUCTS,
    "interactions": INTERACTIONS,
    "customers": CUSTOMERS,
}
CASES = [
    pytest.param(kind, *case, id=f"{kind}: {name}") for kind, files in FILES.items() for name, case in files.items()
]


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_files_as_shops_export_them(kind: Kind, text: str, expected: dict[str, str]) -> None:
    assert mapped(text, kind) == expected


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_kind_of_files_as_shops_export_them(kind: Kind, text: str, expected: dict[str, str]) -> None:
    assert guess_kind(sample(text)) == kind


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_a_column_is_given_once_and_named_as_in_the_file(kind: Kind, text: str, expected: dict[str, str]) -> None:
    table = sample(text)
    for other in FILES:
        theirs = [suggested.theirs for suggested in suggest(table, other).values()]
        assert len(theirs) == len(set(theirs))
        assert set(theirs) <= set(table.column_names)


def rows(**columns: list[str]) -> pa.Table:
    return pa.table({name.replace("__", " "): pa.array(cells, pa.string()) for name, cells in columns.items()})


def test_reasons_and_certainty() -> None:
    found = suggest(
        rows(
            product_id=["17", "18", "19"],
            Bezeichnung=["Tasse blau", "Schale rot", "Teller grün"],
            Vendor=["Potters", "Potters", "Clay"],
            Preiss=["12,90", "19,90", "9,90"],
        ),
        "products",
    )
    assert found["product_id"] == Suggested("product_id", "has our name", True)
    assert found["title"] == Suggested("Bezeichnung", "German for product name", True)
    assert found["brand"] == Suggested("Vendor", "by its name", True)
    assert found["price"] == Suggested("Preiss", "spelled almost like a word for price", False)


def test_our_own_names_win() -> None:
    found = suggest(
        rows(SKU=["A-1", "A-2"], Product__ID=["1", "2"], Name=["Mug", "Bowl"], title=["x", "y"]), "products"
    )
    assert {ours: suggested.theirs for ours, suggested in found.items()} == {
        "product_id": "Product ID",
        "title": "title",
    }
    assert all(suggested.sure and suggested.why == "has our name" for suggested in found.values())


@pytest.mark.parametrize(
    "name", ["Preis (€)", "PREIS [EUR]", "Preis in EUR", "preis_eur", "Preis brutto", "Verkaufspreis"]
)
def test_units_and_taxes_in_a_name_do_not_matter(name: str) -> None:
    found = suggest(pa.table({"Nr": ["1", "2"], "Name": ["a b", "c d"], name: ["1,50", "2"]}), "products")
    assert found["price"] == Suggested(name, "German for price", True)


def test_names_are_compared_without_case_accents_and_marks() -> None:
    assert {key(name) for name in ("Artikel-Nr.", "ARTIKEL_NR", "artikelNr", "Ａｒｔｉｋｅｌ Nr")} == {"artikelnr"}
    assert key("Date de la commande") == key("DATE_COMMANDE") == "datecommande"
    assert key("商品編號") == key("商品 编号") == "商品编号"
    assert key("reviewerID") == "reviewerid"


def test_a_description_is_the_title_only_where_there_is_no_other() -> None:
    columns = {"Code": ["A1", "A2"], "Description": ["White hanging heart", "Red retro lamp"]}
    found = suggest(pa.table(columns), "products")
    assert found["title"] == Suggested("Description", "by its name", True)
    assert "description" not in found
    found = suggest(pa.table(columns | {"Item name": ["Heart", "Lamp"]}), "products")
    assert (found["title"].theirs, found["description"].theirs) == ("Item name", "Description")


@pytest.mark.parametrize("name", ["Artikel", "Produkt", "Product", "Item", "Article", "Producto"])
def test_what_stands_in_a_column_decides_between_id_and_title(name: str) -> None:
    names = ["Tasse mit Henkel", "Schale für Suppe", "Teller aus Ton"]
    found = suggest(pa.table({name: ["T-17", "S-18", "T-19"], "Bezeichnung": names}), "products")
    assert (found["product_id"].theirs, found["title"].theirs) == (name, "Bezeichnung")
    found = suggest(pa.table({"Nr.": ["17", "18", "19"], name: names}), "products")
    assert (found["product_id"].theirs, found["title"].theirs) == ("Nr.", name)


def test_two_columns_of_the_same_meaning() -> None:
    found = suggest(
        rows(SKU=["A-1", "A-2"], Title=["Mug", "Bowl"], Vendor=["P", "P"], Manufacturer=["Q", "Q"], Rang=["1", "2"]),
        "products",
    )
    assert found["brand"] == Suggested("Vendor", "by its name", False)
    empty_first = rows(SKU=["", ""], Item__Number=["7", "8"], Title=["Mug", "Bowl"])
    assert suggest(empty_first, "products")["product_id"].theirs == "Item Number"


def test_a_lone_id_of_interactions_is_not_both() -> None:
    found = suggest(rows(id=["7", "9", "7"], user=["1", "1", "2"], product=["a1", "a2", "a1"]), "interactions")
    assert (found["customer_id"].theirs, found["product_id"].theirs) == ("user", "product")
    found = suggest(rows(id=["7", "9", "7"], date=["2024-03-01", "2024-03-02", "2024-03-03"]), "interactions")
    assert [suggested.theirs for suggested in found.values()].count("id") == 1
    assert not found["customer_id"].sure


@pytest.mark.parametrize(
    "name",
    ["Order ID", "order_number", "Bestellnummer", "Rechnungs-Nr.", "N° commande", "Nº pedido", "订单编号", "訂單編號"],
)
def test_an_order_is_no_customer_and_no_product(name: str) -> None:
    table = pa.table({name: ["B-1", "B-2", "B-2"], "Menge": ["1", "2", "3"], "Datum": ["2024-03-01"] * 3})
    assert not {"customer_id", "product_id"} & suggest(table, "interactions").keys()


def test_a_customer_is_no_product() -> None:
    table = rows(customer_id=["K17", "K18"], Name=["Ann Arbor", "Bob Barker"])
    assert "product_id" not in suggest(table, "products")
    assert set(suggest(table, "customers")) == {"customer_id"}


def test_no_suggestion_against_what_stands_in_the_column() -> None:
    found = suggest(
        rows(
            SKU=["A-1", "A-2", "A-3"],
            Name=["Mug", "Bowl", "Jug"],
            price=["on request", "ask us", "none"],
            Bild=["ja", "nein", "ja"],
            Erscheinungsdatum=["Frühling", "Herbst", "Herbst"],
            Kategorie=["https://shop.example/a", "https://shop.example/b", "https://shop.example/c"],
        ),
        "products",
    )
    assert set(found) == {"product_id", "title"}
    found = suggest(
        rows(Kunde=["1", "2"], Artikel=["3", "4"], Menge=["viel", "wenig"], Zeit=["früh", "spät"]), "interactions"
    )
    assert set(found) == {"customer_id", "product_id"}


def test_products_by_content_only() -> None:
    found = suggest(
        pa.table(
            {
                "Column 1": ["1", "2", "3", "4"],
                "Column 2": ["MUG-17", "BOW-18", "JUG-19", "CUP-20"],
                "Column 3": ["Blue mug with handle", "Red bowl for soup", "Green jug", "White cup"],
                "Column 4": ["12.90", "19.90", "24.00", "8.50"],
                "Column 5": ["blue", "red", "green", "blue"],
            }
        ),
        "products",
    )
    assert found == {
        "product_id": Suggested("Column 2", "looks like product ids", False),
        "title": Suggested("Column 3", "looks like product names", False),
        "price": Suggested("Column 4", "looks like prices", False),
    }


@pytest.mark.parametrize("swapped", [False, True])
def test_interactions_by_content_only(swapped: bool) -> None:
    who = ["U0017", "U0018", "U0017", "U0019", "U0017"]
    what = ["P101", "P102", "P103", "P101", "P102"]
    when = ["01.03.2024", "02.03.2024", "03.03.2024", "04.03.2024", "31.03.2024"]
    cells = [what, who, when] if swapped else [who, what, when]
    found = suggest(pa.table(dict(zip(["字段1", "字段2", "字段3"], cells, strict=True))), "interactions")
    assert found == {
        "customer_id": Suggested("字段2" if swapped else "字段1", "looks like customer ids", False),
        "product_id": Suggested("字段1" if swapped else "字段2", "looks like product ids", False),
        "timestamp": Suggested("字段3", "looks like dates", False),
    }


def test_customers_by_content_only() -> None:
    table = pa.table({"A": ["Ann", "Bob", "Eve"], "B": ["ann@example.com", "bob@example.com", "eve@example.com"]})
    assert suggest(table, "customers") == {"customer_id": Suggested("B", "looks like customer ids", False)}


@pytest.mark.parametrize("kind", list(FILES))
def test_nothing_for_attributes(kind: Kind) -> None:
    table = pa.table(
        {
            "Farbe": ["blau", "rot", "grün", "weiß", "grau", "gelb"],
            "Größe": ["S", "M", "L", "XL", "XXL", "XS"],
            "Gewicht": ["0,35", "0,65", "1,20", "0,10", "0,40", "0,95"],
            "Lagerbestand": ["14", "3", "0", "27", "1", "9"],
            "Neigungswinkel": ["12.5", "13.5", "90.0", "45.5", "1.5", "7.5"],
            "vegan": ["ja", "nein", "ja", "ja", "nein", "ja"],
            "Pflege": ["Hand", "Maschine", "Hand", "Hand", "Hand", "Maschine"],
            "Aktualisiert am": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05", "2024-03-06"],
            "Link": [f"https://shop.example/{number}" for number in range(6)],
            "Leer": ["", "", "", "", "", ""],
        }
    )
    assert suggest(table, kind) == {}
    assert guess_kind(table) is None


def test_a_longer_name_is_not_a_slip_of_the_pen() -> None:
    table = rows(SKU=["A-1", "A-2"], Name=["Mug", "Bowl"], category__url=["a/b", "c/d"], brand__no=["1", "2"])
    assert set(suggest(table, "products")) == {"product_id", "title"}
    assert suggest(rows(custmer_id=["1", "2"], produkt_id=["3", "4"]), "interactions")["customer_id"] == Suggested(
        "custmer_id", "spelled almost like a word for customer id", False
    )


def test_kinds_of_small_files() -> None:
    assert guess_kind(rows(sku=["1", "2"], name=["Mug", "Bowl"])) == "products"
    assert guess_kind(rows(customer_id=["1", "2"])) == "customers"
    assert guess_kind(rows(user=["1", "1"], item=["3", "4"])) == "interactions"


def test_unclear_kinds() -> None:
    assert guess_kind(rows(a=["1", "2"], b=["x", "y"])) is None
    assert guess_kind(rows(category=["Mugs", "Bowls"], phrases=["mug", "bowl"])) is None
    assert guess_kind(rows(Order__ID=["1", "2"], SKU=["A-1", "A-2"], Quantity=["1", "2"])) is None
    campaigns = rows(customer_id=["1", "1", "1", "2", "2"], campaign=["A", "B", "C", "A", "B"])
    assert guess_kind(campaigns) is None


@pytest.mark.parametrize("kind", list(FILES))
def test_tables_without_columns_rows_or_text(kind: Kind) -> None:
    assert suggest(pa.table({}), kind) == {}
    headers_only = pa.table({name: pa.array([], pa.string()) for name in ("customer_id", "SKU", "Name", "x")})
    assert set(suggest(headers_only, kind)) <= {"customer_id", "product_id", "title"}
    nulls = pa.table({name: pa.array([None, None], pa.string()) for name in ("customer_id", "SKU", "x")})
    assert all(suggested.theirs in nulls.column_names for suggested in suggest(nulls, kind).values())


@pytest.mark.parametrize("kind", list(FILES))
def test_a_header_word_means_two_of_our_columns_at_most(kind: Kind) -> None:
    for word, all_ in meanings(kind).items():
        assert word
        assert len({meaning.ours for meaning in all_}) == len(all_)
        assert len(all_) <= 2, word


@pytest.mark.parametrize(("width", "seconds"), [(60, 0.5), (2_000, 5.0)])
def test_wide_files_take_no_time(width: int, seconds: float) -> None:
    """The limits are ten times what it takes, so that a busy machine doesn't fail it."""
    table = pa.table({f"produkt merkmal {at}": [f"Wert {row} {at}" for row in range(300)] for at in range(width)})
    start = time.perf_counter()
    suggest(table, "products")
    assert time.perf_counter() - start < seconds
