"""The names under which shops' files have our columns, in English, German, French, Spanish and Chinese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from recsys_core.tables.columns import CUSTOMER, PRODUCT, Kind

Language = Literal["English", "German", "French", "Spanish", "Chinese"]

MEANINGS = {
    PRODUCT: "product id",
    CUSTOMER: "customer id",
    "title": "product name",
    "description": "description",
    "category": "category",
    "brand": "brand",
    "price": "price",
    "tags": "tags",
    "image_url": "picture",
    "launched_at": "launch date",
    "event_type": "kind of event",
    "quantity": "quantity",
    "unit_price": "price of one",
    "rating": "rating",
    "timestamp": "date",
}
"""Our columns in plain words."""

# Likeliest first. What stands behind the bar means the column only where the file has nothing better for it.
# Traditional characters are compared as simplified ones, ü as u and ue.
_PRODUCT_EVERYWHERE: dict[Language, str] = {
    "English": "product id, product code, product sku, sku, variant sku, lineitem sku, line item sku, "
    "line items sku, seller sku, merchant sku, item id, item code, item number, item no, item nr, item sku, "
    "product number, product no, product nr, product, item, article id, article number, article no, article code, "
    "article, stock code, asin, product key, internal reference, custom label, custom label sku, "
    "order lines product, app id, oxartnum, item key, sku id, sku code, sku number, product ref, product reference, "
    "item ref, style number, style code, style id, part number, part no, part id, material number, matnr, "
    "model number, movie id, book id, track id, traid, artist id, artid, book asin, song id, game id, recipe id, "
    "listing id, content id, offer id, iid, prod id, pid, goods id, merchandise id, id product, id item, "
    "line items product id, wine id, beer id, anime id, business id, external id, isbn | uniq id, unique id, "
    "variant id, parent asin, product variant id, product handle, mpn, ean, ean 13, gtin, upc, barcode, isbn 13, "
    "isbn 10",
    "German": "Artikelnummer, Artikel-Nr., Artikelnr, Art.-Nr., ArtNr, Artikel-ID, Artikel-SKU, Produkt-ID, "
    "Produktnummer, Produktnr, Produkt-Nr., Produktcode, Artikelcode, Artikel Nummer, Artikelkennung, "
    "Artikelschlüssel, Artikel, Produkt, Materialnummer, Materialnr, Material-Nr., Warennummer, Waren-Nr., "
    "Modellnummer, Teilenummer, Sachnummer, Bestellartikel, Titelnummer, Artikelnummer Shop | Variantennummer, "
    "Varianten-ID, GTIN/EAN, EAN-Code, Strichcode, Bestellnr Artikel",
    "French": "référence produit, réf produit, référence article, réf article, code produit, code article, "
    "id produit, id article, identifiant produit, identifiant article, numéro article, n° article, numéro produit, "
    "n° produit, no article, référence, réf, produit, article, SKU produit, code SKU, UGS, AR_Ref | code barre, "
    "code-barres, EAN13",
    "Spanish": "código de producto, código producto, código de artículo, código artículo, id producto, "
    "id de producto, id artículo, referencia producto, referencia artículo, número de artículo, nº artículo, "
    "número de producto, cód. artículo, cod art, cód. producto, cod prod, ref producto, ref artículo, referencia, "
    "producto, artículo, identificador de producto, clave producto, clave artículo, ref | código de barras",
    "Chinese": "商品编号, 商品编码, 商品ID, 商品代码, 商品号, 产品编号, 产品编码, 产品ID, 产品代码, 产品号, 货号, 商品货号, 商家编码, SKU编号, SKU编码, SKUID, SKU码, "
    "主商品货号, 商品选项货号, 商品SKU, 商品sku编码, 物料编码, 物料编号, 物品编号, 物品ID, 宝贝ID, 宝贝编号, 款号, 款式编号, 品号, 品项编号, 商品料号, 料号, 存货编码, 单品编码, "
    "图书编号, 电影ID | 商品, 产品, 商品条码, 条码, 条形码, 国际条码, 规格编码",
}

_CUSTOMER_EVERYWHERE: dict[Language, str] = {
    "English": "customer id, customer number, customer no, customer nr, customer code, customer key, cust id, "
    "cust no, customer ref, user id, user number, user code, user no, client id, client number, client no, "
    "client code, buyer id, buyer user id, member id, member number, member no, membership number, membership id, "
    "shopper id, reviewer id, visitor id, account id, account number, account no, consumer id, household id, "
    "household key, loyalty id, loyalty number, loyalty card number, loyalty card, card holder id, patron id, "
    "person id, uid, cid, contact id, record id, subscriber id, guest id, profile id, author id, player id, "
    "listener id, reader id, customer unique id, customer user id, user pseudo id, client, customer, user, buyer, "
    "member, shopper, visitor, account, kunnr, kunag, user key, unique customer id, id customer, id user | "
    "customer email, user email, buyer email, email, e-mail, email address, billing email, customer email address, "
    "user name, username, customer name, buyer name, buyer username, reviewer name, card number, session id, "
    "visitor key",
    "German": "Kundennummer, Kunden-Nr., Kundennr, Kd.-Nr., KdNr, Kunden-ID, Kundencode, Kundenkennung, Kundenkonto, "
    "Kundenschlüssel, Kunde, Debitorennummer, Debitoren-Nr., Debitornr, Debitor, Käufer-ID, Käufernummer, Käufer, "
    "Besteller-ID, Benutzer-ID, Benutzernummer, Nutzer-ID, Nutzer, Benutzer, Mitgliedsnummer, Mitglieds-Nr., "
    "Mitglieds-ID, Mitglied, Kundenkartennummer, Kundenkarte, Adressnummer, Kontonummer Kunde, Besteller | "
    "Kunden-E-Mail, E-Mail-Adresse, E-Mail Kunde, Mailadresse, Benutzername, Kundenname, Käufername",
    "French": "code client, id client, n° client, numéro client, numéro de client, no client, num client, nr client, "
    "identifiant client, référence client, réf client, client, id acheteur, acheteur, id utilisateur, utilisateur, "
    "identifiant utilisateur, numéro de membre, n° membre, id membre, membre, adhérent, n° adhérent, "
    "numéro adhérent, numéro de carte fidélité, carte de fidélité, n° carte fidélité, compte client, code tiers, "
    "DO_Tiers, CT_Num | email client, courriel, adresse e-mail, adresse email, adresse mail, mail, nom du client, "
    "nom client",
    "Spanish": "código de cliente, código cliente, id cliente, id de cliente, nº cliente, número de cliente, "
    "num cliente, cód. cliente, cod cli, identificador de cliente, referencia cliente, cliente, id usuario, "
    "id de usuario, usuario, comprador, id comprador, número de socio, nº socio, id socio, socio, "
    "tarjeta de fidelidad, tarjeta cliente, clave cliente, cuenta cliente, consumidor | correo electrónico, correo, "
    "email cliente, correo del cliente, nombre del cliente, nombre cliente",
    "Chinese": "客户编号, 客户编码, 客户ID, 客户号, 客户代码, 会员编号, 会员号, 会员ID, 会员卡号, 会员编码, 用户ID, 用户编号, 用户编码, 用户号, 顾客编号, 顾客ID, 顾客号, "
    "顾客代码, 买家ID, 买家编号, 买家会员名, 买家会员ID, 买家账号, 消费者ID, 消费者编号, 客户账号, 用户账号, 会员账号, 客户唯一标识, 用户标识, 访客ID, 读者ID, 客户, 会员, 用户, "
    "顾客, 买家, 消费者 | 买家昵称, 会员名, 用户名, 会员昵称, 客户邮箱, 买家邮箱, 邮箱, 电子邮件, 客户名称, 卡号, 会员手机号",
}

_DESCRIPTION: dict[Language, str] = {
    "English": "description, product description, long description, item description, full description, body html, "
    "body, description long, detailed description, detail desc, item desc, product desc, desc, details, "
    "product details, about, about product, about game, oxlongdesc, summary, overview, plot, abstract, synopsis, "
    "text, content, description html, product text, article description | short description, features, feature, "
    "bullet points, bullet point 1, feature bullets, excerpt, short text, meta description",
    "German": "Beschreibung, Artikelbeschreibung, Produktbeschreibung, Langbeschreibung, Langtext, "
    "Beschreibungstext, Artikeltext, Produkttext, Detailbeschreibung, Artikellangtext, Inhalt, Inhaltsangabe | "
    "Kurzbeschreibung, Kurztext, Artikelkurztext, Text, Details",
    "French": "description, description produit, description article, description longue, descriptif, "
    "descriptif produit, texte descriptif, détails, résumé | description courte, récapitulatif, descriptif court",
    "Spanish": "descripción, descripción del producto, descripción producto, descripción larga, "
    "descripción completa, descripción del artículo, descripción artículo, detalles, resumen | descripción corta, "
    "descripción breve",
    "Chinese": "商品描述, 产品描述, 商品详情, 产品详情, 描述, 详情, 详细描述, 商品介绍, 产品介绍, 简介, 介绍, 详细说明, 商品说明, 产品说明, 商品简介, 内容简介, 宝贝描述 | 说明, "
    "卖点, 商品卖点, 简短描述",
}

HEADER_WORDS: dict[Kind, dict[str, dict[Language, str]]] = {
    "products": {
        PRODUCT: {
            "English": _PRODUCT_EVERYWHERE["English"].replace(
                " | ", ", id, code, number, no, ref, reference, handle, model, url handle, slug | order number, "
            ),
            "German": _PRODUCT_EVERYWHERE["German"].replace(
                " | ", ", Nummer, Nr., Material, Hauptartikelnummer, Artikelkürzel | Bestellnummer, Bestell-Nr., "
            ),
            "French": _PRODUCT_EVERYWHERE["French"].replace(" | ", ", code, identifiant, numéro, N° | "),
            "Spanish": _PRODUCT_EVERYWHERE["Spanish"].replace(" | ", ", código, cód., clave, identificador, número | "),
            "Chinese": _PRODUCT_EVERYWHERE["Chinese"].replace(" | ", ", 编号, 编码, 代码, 型号, 唯一标识 | "),
        },
        "title": {
            "English": "title, product title, product name, name, item name, item title, product display name, "
            "article name, article title, display name, full name, movie title, book title, film title, song title, "
            "track name, game name, original title, stock name, goods name, product label, item label, label, "
            "prod name, oxtitle, product description short, style name, model name, listing title, post title, "
            "headline, product, item, article | description, product description, item description, "
            "short description, item desc, product desc, desc, stock description, handle, url key, meta title, "
            "seo title",
            "German": "Artikelbezeichnung, Produktbezeichnung, Bezeichnung, Artikelname, Produktname, Name, Titel, "
            "Produkttitel, Artikeltitel, Benennung, Bezeichnung 1, Artikelbez, Bez., Materialkurztext, maktx, "
            "Warenbezeichnung, Kurzbezeichnung, Buchtitel, Modellbezeichnung, Modellname, Anzeigename, Artikel, "
            "Produkt, Ware | Kurzbeschreibung, Kurztext, Artikelkurztext, Artikelbeschreibung, Produktbeschreibung, "
            "Beschreibung, Bezeichnung 2, Artikeltext",
            "French": "désignation, désignation article, désignation produit, nom du produit, nom produit, "
            "nom de l'article, nom article, intitulé, AR_Design, intitulé produit, libellé, libellé produit, "
            "libellé article, titre, titre produit, nom, dénomination, nom commercial, produit, article | "
            "description courte, description produit, description article, description, descriptif",
            "Spanish": "nombre del producto, nombre producto, nombre del artículo, nombre artículo, nombre, título, "
            "título del producto, denominación, designación, nombre comercial, producto, artículo | "
            "descripción corta, descripción del artículo, descripción artículo, descripción del producto, "
            "descripción producto, descripción",
            "Chinese": "商品名称, 产品名称, 商品名, 产品名, 品名, 名称, 商品标题, 产品标题, 标题, 宝贝标题, 宝贝名称, 货品名称, 物料名称, 存货名称, 物品名称, 书名, 图书名称, "
            "电影名称, 片名, 商品全称, 中文名称, 品项名称, 款名, 商品, 产品 | 商品简称, 商品描述, 产品描述, 描述, 品项",
        },
        "description": _DESCRIPTION,
        "category": {
            "English": "category, categories, product category, product categories, category name, category path, "
            "item category, category full path, category tree, product category tree, item category code, "
            "ebay category 1 name, breadcrumb, breadcrumbs, product type, product type name, main category, "
            "main cat, primary category, category 1, category level 1, category l1, category code, product group, "
            "product group name, item group, article group, article type, master category, department, "
            "department name, product class, product family, merchandise group, merchandise category, "
            "standard product type, custom product type, item type, genre, genres, aisle, section, class name, cat, "
            "google product category | type, family, group, sub category, subcategory, collection, class, segment, "
            "product line, category id, category ids, categories id, collections, department id, aisle id, shelf, "
            "attribute set code",
            "German": "Kategorie, Kategorien, Warengruppe, Produktkategorie, Produktgruppe, Artikelgruppe, "
            "Kategoriepfad, Kategoriename, Warengruppenbezeichnung, Warengruppe Bezeichnung, Hauptkategorie, "
            "Kategorie Ebene 1, Kategorie 1, Hauptwarengruppe, Artikelkategorie, Produktart, Artikelart, Produkttyp, "
            "Artikeltyp, Sortiment, Rubrik, Abteilung, Warenkategorie, Materialgruppe, Sparte, matkl, WGR, Genre, "
            "Shop-Kategorie | Gruppe, Typ, Art, Unterkategorie, Untergruppe, Klasse, Warengruppennummer, "
            "Warengruppen-Nr., Kategorie-ID, Segment, Serie",
            "French": "catégorie, catégories, catégorie de produit, catégorie produit, catégorie article, "
            "nom de la catégorie, famille niveau 1, FA_CodeFamille, famille, famille article, famille produit, "
            "famille de produits, rayon, gamme, type de produit, type produit, groupe de produits, groupe article, "
            "catégorie principale, catégorie 1, chemin de catégorie, arborescence, univers, genre | type, groupe, "
            "sous-famille, sous-catégorie, id catégorie, code famille, département, collection",
            "Spanish": "categoría, categorías, categoría de producto, categoría producto, categoría del producto, "
            "nombre de categoría, familia, familia de productos, tipo de producto, tipo producto, "
            "grupo de productos, grupo de artículos, grupo artículo, categoría principal, categoría 1, departamento, "
            "sección, línea, rubro, género | tipo, grupo, subfamilia, subcategoría, id categoría, clase, gama, "
            "colección",
            "Chinese": "分类, 类别, 类目, 品类, 商品分类, 商品类别, 商品类目, 产品分类, 产品类别, 产品类目, 商品品类, 分类名称, 类别名称, 类目名称, 一级分类, 一级类目, "
            "一级品类, 大类, 商品大类, 所属分类, 所属类目, 商品类型, 产品类型, 商品分组, 品类名称, 类目路径, 部门, 宝贝类目, 宝贝分类, 物料组, 物料分组, 存货分类, 主分类 | 类型, "
            "二级分类, 二级类目, 中类, 小类, 子类别, 三级类目, 系列, 种类, 分组, 分类ID, 类目ID, 类别ID",
        },
        "brand": {
            "English": "brand, brand name, product brand, vendor, manufacturer, manufacturer name, maker, "
            "item brand, producer, label name, designer, publisher, publishers, winery, brewery | store, "
            "vendor name, brand id, make, supplier, supplier name, seller, brand code, artist, author",
            "German": "Marke, Markenname, Hersteller, Herstellername, Produktmarke, Hersteller Name, Fabrikat, "
            "Produzent, Verlag, Designer, Weingut | Lieferant, Lieferantenname, Autor, Marken-ID",
            "French": "marque, nom de la marque, marque produit, fabricant, nom du fabricant, fabriquant, "
            "constructeur, éditeur, producteur, créateur | fournisseur, nom du fournisseur, auteur",
            "Spanish": "marca, nombre de la marca, marca comercial, marca del producto, fabricante, editorial, "
            "productor, bodega | proveedor, nombre del proveedor, autor",
            "Chinese": "品牌, 品牌名称, 品牌名, 商品品牌, 产品品牌, 所属品牌, 牌子, 厂牌, 制造商, 生产商, 厂商, 厂家, 生产厂家, 出版社 | 供应商, 供应商名称, 店铺, 作者, "
            "品牌ID",
        },
        "price": {
            "English": "price, product price, regular price, variant price, selling price, sales price, "
            "retail price, unit price, list price, item price, current price, base price, your price, price amount, "
            "standard price, price value, store price, online price, shop price, final price, actual price, "
            "net price, gross price, price tax excluded, price tax included, price incl tax, price excl tax, "
            "price including vat, price without tax, price with tax, price gross, price net, consumer price, "
            "recommended retail price, rrp, msrp, average price, start price, oxprice | sale price, offer price, "
            "discounted price, discount price, special price, compare at price, original price, "
            "variant compare at price, amount, price range",
            "German": "Preis, Verkaufspreis, VK-Preis, VK, Brutto-VK, VK brutto, VK netto, Std. VK brutto, Netto-VK, "
            "Artikelpreis, Produktpreis, Bruttopreis, Nettopreis, Preis brutto, Preis netto, Ladenpreis, "
            "Einzelpreis, Stückpreis, Endpreis, Listenpreis, Katalogpreis, Standardpreis, Shoppreis, "
            "Ladenverkaufspreis, VKP, VK-Preis brutto, VK-Preis netto, Verkaufspreis brutto, Verkaufspreis netto, "
            "Endkundenpreis, UVP, unverbindliche Preisempfehlung, Grundverkaufspreis, Preis inkl. MwSt. | "
            "Aktionspreis, Angebotspreis, Sonderpreis, Betrag, Staffelpreis 1",
            "French": "prix, prix de vente, prix TTC, prix HT, prix de vente TTC, prix de vente HT, prix unitaire, "
            "prix public, prix catalogue, tarif, tarif TTC, tarif HT, prix produit, prix article, prix normal, "
            "tarif régulier, PV TTC, PV HT, PVTTC, PVHT, PV, prix de base, prix conseillé, prix public conseillé, "
            "PPC, PU, AR_PrixVen | prix promo, prix remisé, prix soldé, prix barré, montant, tarif promo",
            "Spanish": "precio, precio de venta, PVP, precio venta, precio unitario, precio público, "
            "precio de lista, precio lista, precio con IVA, precio sin IVA, precio producto, precio artículo, "
            "precio normal, precio base, precio venta público, precio de venta al público, P.V.P., tarifa, "
            "precio final | precio rebajado, precio oferta, importe, precio tarifa",
            "Chinese": "价格, 售价, 销售价, 销售价格, 商品价格, 产品价格, 单价, 零售价, 零售价格, 定价, 商品售价, 现价, 标价, 商城价, 建议零售价, 一口价, 市场价, 吊牌价, "
            "含税价, 含税单价, 标准售价, 原价, 日常价, 宝贝价格, 标准价 | 促销价, 活动价, 会员价, 折扣价, 金额, 优惠价, 特价",
        },
        "tags": {
            "English": "tags, tag, product tags, keywords, labels, keyword, item tags, search terms, "
            "search keywords, genres | attributes, generic keywords, topics, meta keywords, hashtags, shelves",
            "German": "Tags, Schlagwörter, Schlagworte, Stichwörter, Stichworte, Schlüsselwörter, Suchbegriffe, "
            "Keywords, Produkt-Tags, Schlagwort, Stichwort, Etiketten | Merkmale, Eigenschaften",
            "French": "étiquettes, mots-clés, mots clefs, tags, étiquette, balises, mots clés produit, "
            "étiquettes produit | caractéristiques, attributs",
            "Spanish": "etiquetas, palabras clave, tags, etiqueta, etiquetas del producto | atributos, características",
            "Chinese": "标签, 商品标签, 产品标签, 关键词, 关键字, 标签名称, 搜索关键词, 商品关键词 | 特征, 属性",
        },
        "image_url": {
            "English": "image url, image src, image link, main image url, main image, image, images, "
            "product image url, product image, img url, img, picture url, picture, photo url, photo, image path, "
            "image file, base image, thumbnail url, thumbnail, featured image, image urls, img link, poster url, "
            "poster path, cover url, cover, book cover, cover image, image url s, image url m, image url l, im url, "
            "image 1, image filename, image url high res, header image, product image file 1 | variant image, "
            "small image, additional image link, media, photos, pictures",
            "German": "Bild-URL, Bildlink, Bild, Bilder, Hauptbild, Produktbild, Artikelbild, Bilddatei, Bildpfad, "
            "Bild 1, Bildadresse, Foto, Abbildung, Bild-Link, Bildname, Vorschaubild, Bilder-URL, Titelbild, "
            "Bild URL 1",
            "French": "URL image, image, lien image, URL de l'image, images, photo, photos, URL des images, "
            "URL photo, image principale, visuel, lien photo, image produit, vignette, image URL, URLs d'images",
            "Spanish": "URL imagen, imagen, URL de imagen, URL de la imagen, imágenes, enlace imagen, "
            "enlace de imagen, foto, fotos, imagen principal, imagen del producto, imagen producto, imagen URL, "
            "URL de las imágenes, URL de imágenes, ruta imagen",
            "Chinese": "图片链接, 图片地址, 图片URL, 图片, 主图, 商品图片, 商品主图, 主图链接, 产品图片, 图片网址, 主图地址, 商品图片链接, 图片路径, 封面, 封面图, 缩略图, "
            "图像, 商品图片地址, 商品图片URL, 主图URL, 宝贝图片, 图片连结, 图片网址",
        },
        "launched_at": {
            "English": "launched at, launch date, launched, launched on, release date, released, released at, "
            "released on, availability date, available from, available on, available since, publication date, "
            "published at, published date, date published, date released, publish date, pub date, first available, "
            "date first available, on sale date, on sale from, first sold, first sale date, intro date, "
            "introduction date, introduced, start date, sale start date, go live date, live date, online since, "
            "online date, online from, listed at, listing date, listed date, date listed, open date, date added, "
            "added at, added on, date available, new from date, debut date, market date, valid from | created at, "
            "created, creation date, date created, created on, create date, create time, published, first seen, "
            "start, date, season start, published on, available, insert date, timestamp",
            "German": "Erscheinungsdatum, Erscheinungstermin, Erstverkaufstag, Einführungsdatum, Markteinführung, "
            "Verfügbar ab, Verfügbarkeitsdatum, Verkaufsstart, Veröffentlichungsdatum, Veröffentlicht am, "
            "Lieferbar ab, Neu seit, Neu ab, Online seit, Online ab, Im Sortiment seit, Aufnahmedatum, Startdatum, "
            "Launchdatum, Launch-Datum, Listungsdatum, Gelistet seit, Gültig ab, Startdatum Verkauf, Release-Datum, "
            "Erstverkauf, Einstelldatum, VÖ-Datum, ET | Erstelldatum, Anlagedatum, Erstellt am, Erstellt, "
            "Angelegt am, Datum, Datum Anlage, Eingestellt am, Erfasst am, Erstellungsdatum",
            "French": "date de lancement, date de sortie, date de mise en vente, date de parution, "
            "date de publication, date de disponibilité, date de disponibilité du produit, disponible à partir du, "
            "disponible le, date de mise en ligne, mise en ligne, date d'introduction, date de mise sur le marché, "
            "date de commercialisation, sortie, parution, date d'ajout, publié le, lancement | date de création, "
            "date création, créé le, date, date d'entrée",
            "Spanish": "fecha de lanzamiento, fecha lanzamiento, lanzamiento, fecha de publicación, "
            "fecha de disponibilidad, disponible desde, disponible a partir de, fecha de salida, fecha de inicio, "
            "fecha de introducción, fecha de estreno, fecha inicio venta, fecha de venta, puesta en venta, "
            "fecha de edición | fecha de alta, fecha alta, fecha de creación, fecha creación, fecha, creado, "
            "creado el",
            "Chinese": "上市日期, 上市时间, 上架日期, 上架时间, 发布日期, 发布时间, 发售日期, 发售时间, 发售日, 首发日期, 首次上架时间, 开售时间, 开卖时间, 开卖日期, 上新日期, "
            "上新时间, 推出日期, 出版日期, 出版时间, 上映日期, 上映时间, 新品上市时间, 上线时间, 上线日期, 销售开始日期, 上市年月 | 创建时间, 创建日期, 建档日期, 添加时间, 日期, "
            "录入时间, 入库时间, 建立日期",
        },
    },
    "interactions": {
        CUSTOMER: _CUSTOMER_EVERYWHERE | {"English": _CUSTOMER_EVERYWHERE["English"] + ", id"},
        PRODUCT: {
            "English": _PRODUCT_EVERYWHERE["English"].replace(
                " | ",
                ", variant, ordered product | lineitem name, product name, item name, game title, title, product title, ",
            )
            + ", reference, handle, description, item description, movie title, name, code, model, id",
            "German": _PRODUCT_EVERYWHERE["German"].replace(" | ", ", Ware, Position Artikel | ")
            + ", Artikelbezeichnung, Produktname, Artikelname, Bezeichnung, Material",
            "French": _PRODUCT_EVERYWHERE["French"] + ", nom du produit, désignation, désignation article, libellé",
            "Spanish": _PRODUCT_EVERYWHERE["Spanish"] + ", nombre del producto, código, descripción",
            "Chinese": _PRODUCT_EVERYWHERE["Chinese"] + ", 商品名称, 产品名称, 宝贝标题, 品名, 商品标题",
        },
        "event_type": {
            "English": "event type, event, event name, action, action type, interaction, interaction type, behavior, "
            "behaviour, behavior type, behaviour type, activity, activity type, feedback type, event category, "
            "user action, transaction type, behavior name, behaviour name | type, kind, operation, order type, "
            "event action, weblog action",
            "German": "Ereignis, Ereignistyp, Ereignisart, Aktion, Aktionstyp, Interaktion, Interaktionstyp, "
            "Vorgang, Vorgangsart, Aktivität, Verhalten, Transaktionsart, Transaktionstyp | Art, Typ, Belegart, "
            "Bewegungsart",
            "French": "type d'événement, événement, évènement, type d'évènement, action, type d'action, interaction, "
            "type d'interaction, comportement, activité, type d'opération | type, opération, nature",
            "Spanish": "tipo de evento, evento, acción, tipo de acción, interacción, tipo de interacción, "
            "comportamiento, actividad, tipo de operación | tipo, operación",
            "Chinese": "行为类型, 行为, 事件类型, 事件, 用户行为, 操作类型, 动作, 动作类型, 互动类型, 交互类型, 事件名称, 行为名称 | 类型, 操作, 交易类型, 订单类型",
        },
        "quantity": {
            "English": "quantity, qty, lineitem quantity, line item quantity, line items quantity, item quantity, "
            "quantity ordered, ordered quantity, order quantity, quantity purchased, quantity sold, qty ordered, "
            "qty sold, units, units sold, number of items, number of units, item qty, product quantity, "
            "order item quantity, quantity shipped, num items, item count, order lines quantity, product qty, "
            "purchase quantity, sales quantity, no of units | count, pieces, pcs, amount of items, num, volume, "
            "order qty, quantity invoiced, cnt, items quantity",
            "German": "Menge, Anzahl, Stückzahl, Bestellmenge, Stück, Stk., Stck, Anz., Verkaufsmenge, "
            "verkaufte Menge, Verkaufte Stück, Artikelmenge, Artikelanzahl, Positionsmenge, Absatzmenge, Absatz, "
            "Liefermenge, bestellte Menge, Kaufmenge, Mge, Menge in Stück, Gekaufte Menge",
            "French": "quantité, qté, qte, quantité commandée, qté commandée, quantité vendue, quantités, nombre, "
            "nombre d'articles, unités, nb, quantité achetée, qtés, DL_Qte, nombre d'unités, nb articles",
            "Spanish": "cantidad, cant., cantidad pedida, cantidad vendida, unidades, uds, unid, ctd, "
            "cantidad comprada, unidades vendidas, número de unidades, piezas, cdad",
            "Chinese": "数量, 主数量, 购买数量, 商品数量, 销售数量, 件数, 购买件数, 订购数量, 订单数量, 下单数量, 宝贝数量, 成交数量, 销量, 销售量, 产品数量, 采购数量, 购买量, "
            "出库数量 | 个数",
        },
        "unit_price": {
            "English": "unit price, price per unit, price each, lineitem price, line item price, line items price, "
            "item price, price, product price, selling price, sale price, sales price, price paid, paid price, "
            "purchase price, item cost, order item price, retail price, price per item, order lines unit price, "
            "sold for, unit cost, single price, list price, net price, each price, price unit | amount, item amount, "
            "lineitem amount, average price, avg price, value, price amount",
            "German": "Einzelpreis, Stückpreis, Preis pro Stück, Preis je Stück, Preis/Stk, E-Preis, EP, Preis, "
            "Verkaufspreis, VK-Preis, VK, Artikelpreis, Einzelpreis brutto, Einzelpreis netto, Stückpreis brutto, "
            "Stückpreis netto, Nettopreis, Bruttopreis, Preis brutto, Preis netto, Produktpreis, Einheitspreis, "
            "Positionspreis, Preis pro Einheit | Betrag",
            "French": "prix unitaire, PU, P.U., prix unitaire HT, prix unitaire TTC, PU HT, PU TTC, prix à l'unité, "
            "prix, prix de vente, prix TTC, prix HT, prix article, prix produit, prix payé, prix d'achat, PUHT, "
            "PUTTC, prix de vente unitaire, DL_PrixUnitaire, tarif unitaire | montant",
            "Spanish": "precio unitario, precio unidad, precio por unidad, P.U., PVP, precio, precio de venta, "
            "precio venta, precio unit, p unitario, precio artículo, precio producto, precio pagado, "
            "precio de la unidad | importe unitario",
            "Chinese": "单价, 商品单价, 销售单价, 成交单价, 单品价格, 售价, 成交价, 价格, 商品价格, 实际单价, 宝贝单价, 成交价格, 购买价格, 销售价, 产品单价, 含税单价, "
            "商品活动价格, 销售价格, 商品售价, 实付单价, 零售价 | 折后价",
        },
        "rating": {
            "English": "rating, ratings, user rating, stars, star rating, score, overall, review score, "
            "review rating, book rating, overall rating, customer rating, rate, review overall, movie rating, "
            "my rating, product rating, item rating, review stars, rating value, evaluation | points, review, "
            "feedback, grade",
            "German": "Bewertung, Sterne, Kundenbewertung, Produktbewertung, Wertung, Note, Sternebewertung, "
            "Bewertung in Sternen, Bewertungspunkte, Anzahl Sterne, Punktzahl, Punkte",
            "French": "note, évaluation, note client, étoiles, notation, nombre d'étoiles, avis note, score, "
            "note produit",
            "Spanish": "valoración, puntuación, calificación, estrellas, nota, valoración cliente, evaluación, rating",
            "Chinese": "评分, 评价分数, 打分, 星级, 评级, 用户评分, 商品评分, 评价得分, 得分, 评星, 评价星级, 分数 | 评价",
        },
        "timestamp": {
            "English": "timestamp, time stamp, event time, event timestamp, event date, order date, ordered at, "
            "order time, order timestamp, order datetime, order created at, order date time, date of order, "
            "order placed, order placed at, order created, date ordered, purchase date, purchased at, purchase time, "
            "purchase timestamp, order purchase timestamp, purchased on, date of purchase, date purchased, "
            "bought at, transaction date, transaction time, transaction timestamp, transaction datetime, trans date, "
            "transaction dt, trans dt, invoice date, invoice time, sale date, sales date, sold at, sold on, "
            "date sold, sold date, date time, created at, created, creation date, date created, created on, "
            "created time, create time, created date, unix review time, review time, review date, rating date, "
            "rating timestamp, rated at, reviewed at, visit date, visit time, interaction time, action time, date, "
            "datetime, time, at, t dat, unix timestamp, order day, checkout time, day, payment date, paid at, "
            "payment time, placed at, ts, date of sale, booking date, posting date, time local, placed on, "
            "document date | order week, session start time, order approved at, processed at, closed at, date added, "
            "ship date, shipped at, delivery date, fulfilled at, timestamps",
            "German": "Bestelldatum, Bestellzeit, Bestellzeitpunkt, Kaufdatum, Kaufzeitpunkt, Auftragsdatum, "
            "Rechnungsdatum, Belegdatum, Verkaufsdatum, Verkaufstag, Transaktionsdatum, Buchungsdatum, Zeitstempel, "
            "Zeitpunkt, Bestellt am, Gekauft am, Bestelltag, Datum, Erstellt am, Erstelldatum, Datum Bestellung, "
            "Datum der Bestellung, Datum des Kaufs, Ereigniszeit, Bestelldatum und Uhrzeit, Datum/Uhrzeit, "
            "Datum Uhrzeit, Zeit, Bewertungsdatum, Bondatum, Umsatzdatum, Tag, Vorgangsdatum, Bestelleingang | "
            "Zahlungsdatum, Bezahlt am, Lieferdatum, Versanddatum, Buchungstag, Rg.-Datum",
            "French": "date de commande, date commande, date d'achat, date de la commande, date achat, "
            "date de vente, date vente, date de facture, date facture, date facturation, date de facturation, "
            "date de transaction, horodatage, date et heure, date heure, date, date de création, créé le, "
            "heure de commande, acheté le, date d'événement, date événement, date de l'avis, date pièce, DO_Date, "
            "date ticket, jour | date de paiement, date de livraison, date d'expédition, heure",
            "Spanish": "fecha de pedido, fecha pedido, fecha del pedido, fecha de compra, fecha compra, "
            "fecha de venta, fecha venta, fecha de factura, fecha factura, fecha de la compra, fecha y hora, "
            "fecha hora, fecha de transacción, fecha transacción, marca de tiempo, fecha, fecha de creación, "
            "fecha de orden, fecha orden, creado el, fecha del evento, fecha evento, fecha operación, "
            "fecha documento, momento, día | fecha de pago, fecha de entrega, fecha de envío, hora",
            "Chinese": "下单时间, 下单日期, 订单时间, 订单日期, 购买时间, 购买日期, 订单创建时间, 交易时间, 交易日期, 成交时间, 成交日期, 销售日期, 销售时间, 订购日期, "
            "订单成立日期, 订购时间, 消费时间, 消费日期, 时间戳, 行为时间, 事件时间, 发生时间, 订单创建日期, 订单成立时间, 创建时间, 创建日期, 日期, 时间, 评价时间, 评论时间, 单据日期, "
            "操作时间, 点击时间, 浏览时间, 开票日期, 日期时间 | 付款时间, 订单付款时间, 支付时间, 付款日期, 支付日期, 发货时间, 完成时间, 收货时间, 发货日期",
        },
    },
    "customers": {
        CUSTOMER: {
            "English": _CUSTOMER_EVERYWHERE["English"].replace(" | ", ", id | number, code, no, ref, key, login, "),
            "German": _CUSTOMER_EVERYWHERE["German"].replace(" | ", " | Nummer, Nr., Kennung, Konto, Adressnr, "),
            "French": _CUSTOMER_EVERYWHERE["French"].replace(" | ", ", identifiant | code, numéro, N°, référence, "),
            "Spanish": _CUSTOMER_EVERYWHERE["Spanish"].replace(" | ", ", identificador | código, número, Nº, "),
            "Chinese": _CUSTOMER_EVERYWHERE["Chinese"].replace(" | ", " | 编号, 编码, 账号, 代码, "),
        }
    },
}
"""For each kind of table and each column of ours the names in shops' files, likeliest first; behind the bar, weaker ones."""

_LANGUAGES: tuple[Language, ...] = ("English", "German", "French", "Spanish", "Chinese")
_SIMPLIFIED = str.maketrans(
    "編號碼類價單數標籤圖時間戶會員訂稱貨產書電話機購買銷採圍級別訪關鍵詞發佈佈開賣線創檔錄連結網頁縮圖說詳細簡敘述點擊瀏覽"
    "評論滿實際師廠製應識廣變動為種組項規條際優惠現儲帳賬號臺個軟體麼顧費讀備註狀態顏額總計潤運郵國別齡題購後據紀記場標業屬係"
    "倉庫進貿錢萬還務門鋪區縣縮產牌選擇語幣質從來並這產節",
    "编号码类价单数标签图时间户会员订称货产书电话机购买销采围级别访关键词发布布开卖线创档录连结网页缩图说详细简叙述点击浏览"
    "评论满实际师厂制应识广变动为种组项规条际优惠现储账账号台个软体么顾费读备注状态颜额总计润运邮国别龄题购后据纪记场标业属系"
    "仓库进贸钱万还务门铺区县缩产牌选择语币质从来并这产节",
)
_SMALL = {"de", "du", "des", "d", "l", "la", "le", "les", "del", "el", "of", "the", "der", "die", "das", "en"}
_SMALL |= {"translations", "default"}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def words(name: str) -> list[str]:
    """The words of a header name as they are compared: “Prix de l'Article” and “prix_article” are both prix, article."""
    name = unicodedata.normalize("NFKC", name).translate(_SIMPLIFIED)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    plain = unicodedata.normalize("NFD", name.casefold())
    found = re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return [word for word in found if word not in _SMALL] or found


def key(name: str) -> str:
    """A header name as one word: “Artikel-Nr.” and “ARTIKEL NR” are both artikelnr."""
    return "".join(words(name))


def spellings(name: str) -> set[str]:
    """The keys of a name with its umlauts written as u and as ue."""
    return {key(name), key(name.translate(_UMLAUTS))}


@dataclass(frozen=True)
class Meaning:
    """What a header word stands for in a kind of table."""

    ours: str
    language: Language
    rank: int
    """0: the likeliest word for it in its language."""
    strong: bool
    """Whether it means the column even where the file has others that could."""


@cache
def meanings(kind: Kind) -> dict[str, tuple[Meaning, ...]]:
    """What each header word (by its `key`) may stand for in a table of `kind`: one meaning for each column of ours."""
    found: dict[str, dict[str, Meaning]] = {}
    for ours, languages in HEADER_WORDS[kind].items():
        for language in _LANGUAGES:
            for rank, (word, strong) in enumerate(_listed(languages[language])):
                for spelled in spellings(word):
                    meaning = Meaning(ours, language, rank, strong)
                    before = found.setdefault(spelled, {}).setdefault(ours, meaning)
                    if (meaning.strong, -meaning.rank) > (before.strong, -before.rank):
                        found[spelled][ours] = replace(meaning, language=before.language)
    return {word: tuple(by_column.values()) for word, by_column in found.items()}


def _listed(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a list, and whether they stand before its bar."""
    strong, _, weak = text.partition(" | ")
    yield from ((word.strip(), True) for word in strong.split(","))
    yield from ((word.strip(), False) for word in weak.split(",") if weak)
