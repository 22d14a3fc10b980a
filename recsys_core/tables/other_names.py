"""The names of what shops' files often hold and no column of ours is, in the five languages of our words."""

from __future__ import annotations

from functools import cache

from recsys_core.tables.header_words import spellings

_OF_ORDERS = (
    "order id, order number, order no, order nr, order name, order ref, order reference, order key, order code, "
    "order, purchase id, purchase number, transaction id, transaction number, transaction no, transaction, trans id, "
    "invoice, invoice no, invoice number, invoice id, receipt, receipt id, receipt no, receipt number, basket id, "
    "cart id, session, session id, user session, order item id, order line id, line id, line number, line no, "
    "lineitem id, payment id, payment method, payment reference, shipping method, checkout id, event id, review id, "
    "rating id, shipment id, amazon order id, merchant order id, po number, ticket id, bill no, interaction id, "
    "store id, Bestellnummer, Bestell-Nr., Bestell-ID, Auftragsnummer, Auftragsnr, Auftrag, Rechnungsnummer, "
    "Rechnungsnr, Rechnung, Rg.-Nr., Belegnummer, Beleg-Nr., Beleg, Bonnummer, Bon-Nr., Bon, Vorgangsnummer, "
    "Vorgangsnr, Position, Pos., Pos.-Nr., Positionsnummer, Lieferscheinnummer, Transaktions-ID, Warenkorb-ID, "
    "Bestellung, Filiale, Filialnummer, Zahlungsart, Versandart, n° commande, numéro de commande, id commande, "
    "no commande, référence commande, réf commande, commande, n° facture, numéro de facture, facture, n° ticket, "
    "ticket, id transaction, n° ligne, ligne, magasin, nº pedido, número de pedido, id pedido, código pedido, "
    "referencia pedido, pedido, nº factura, número de factura, factura, orden, id orden, número de orden, "
    "id transacción, albarán, línea, tienda, 订单编号, 订单号, 订单ID, 订单编码, 主订单编号, 子订单编号, 交易号, 交易编号, 流水号, 小票号, 单号, 单据编号, "
    "发票号, 支付单号, 物流单号, 快递单号, 运单号, 订单, 门店, 门店编号, 店铺ID, 行号, 订单状态"
)

_OTHERS = (
    "row, row id, row number, index, line, level, rank, weight, height, width, length, size, stock, inventory, "
    "stock quantity, stock level, tax, tax rate, vat, vat rate, discount, discounts, cost, cost price, "
    "purchase cost, margin, profit, total, total price, subtotal, sales, gross sales, net sales, sales value, "
    "revenue, order total, line total, shipping, shipping cost, fee, latitude, longitude, lat, lon, lng, year, "
    "month, hour, percent, score count, review count, rating count, ratings count, average rating, avg rating, "
    "num reviews, popularity, points balance, color, colour, variant grams, parent id, group id, item group id, "
    "tax class id, version, currency, language, locale, url, link, product url, seo url, status, state, active, "
    "visible, notes, comment, comments, remarks, condition, availability, country, region, vendor no, vendor number, "
    "vendor id, supplier id, seller id, brand id, updated at, updated, last updated, last modified, modified at, "
    "date modified, date updated, end date, expiry date, expires at, valid until, valid to, deleted at, "
    "cancelled at, Gewicht, Höhe, Breite, Länge, Tiefe, Größe, Bestand, Lagerbestand, Lagermenge, Mindestbestand, "
    "Steuer, Steuersatz, MwSt, MwSt-Satz, USt, Rabatt, EK, EK-Preis, Einkaufspreis, Marge, Gesamtpreis, Gesamt, "
    "Gesamtbetrag, Summe, Umsatz, Gesamtsumme, Zwischensumme, Versandkosten, Jahr, Farbe, Währung, Sprache, Aktiv, "
    "Bemerkung, Notiz, Uhrzeit, Land, Lieferzeit, Geändert am, Änderungsdatum, Letzte Änderung, Aktualisiert am, "
    "Enddatum, Gültig bis, Zolltarifnummer, Lagerplatz, Lagerort, Verpackungseinheit, Herstellernummer, "
    "Lieferantennummer, Inhalt in ml, poids, hauteur, largeur, longueur, taille, stock disponible, TVA, taux TVA, "
    "remise, prix d'achat HT, coût, montant total, total TTC, total HT, sous-total, chiffre d'affaires, CA, "
    "frais de port, année, couleur, devise, langue, statut, état, actif, remarque, pays, date de modification, "
    "modifié le, date de fin, code fournisseur, peso, altura, ancho, largo, talla, tamaño, existencias, IVA, "
    "descuento, coste, costo, margen, importe, importe total, ventas, gastos de envío, año, moneda, idioma, estado, "
    "activo, observaciones, país, fecha de modificación, fecha de actualización, fecha fin, 重量, 高度, 宽度, 长度, 尺寸, 尺码, "
    "规格, 规格型号, 商品总价, 库存, 库存数量, 库存量, 税率, 折扣, 成本, 成本价, 进价, 采购价, 毛利, 利润, 总价, 总金额, 合计, 小计, 销售额, 订单金额, 实付金额, 应付金额, 运费, "
    "年份, 颜色, 币种, 状态, 备注, 国家, 修改时间, 更新时间, 更新日期, 序号, 下架时间, 结束时间, 余额, 单位"
)

_OF_PEOPLE = (
    "email, email address, first name, last name, surname, given name, family name, phone, phone number, mobile, "
    "gender, sex, birthday, birth date, date of birth, dob, birth year, age, age group, address, street, address 1, "
    "city, zip, zip code, postal code, postcode, province, newsletter, accepts email marketing, accepts marketing, "
    "loyalty tier, membership level, segment, customer segment, occupation, income, marital status, registered at, "
    "registration date, signup date, joined at, join date, member since, customer since, total spent, total orders, "
    "orders count, last order date, first order date, customer group, company, location, club member status, "
    "fashion news frequency, customer city, customer state, customer zip code prefix, last login, E-Mail-Adresse, "
    "Vorname, Nachname, Telefon, Telefonnummer, Mobil, Geschlecht, Geburtsdatum, Geburtstag, Alter, Anrede, Firma, "
    "Straße, PLZ, Postleitzahl, Ort, Stadt, Wohnort, Kundengruppe, Kunde seit, Registriert am, Registrierungsdatum, "
    "Anmeldedatum, Letzte Bestellung, Umsatz gesamt, Kundensegment, Kundentyp, prénom, nom de famille, courriel, "
    "adresse e-mail, téléphone, portable, sexe, civilité, date de naissance, adresse, code postal, ville, "
    "date d'inscription, groupe client, société, abonné newsletter, apellidos, apellido, correo electrónico, correo, "
    "teléfono, móvil, sexo, fecha de nacimiento, edad, dirección, código postal, ciudad, población, provincia, "
    "fecha de registro, fecha de alta, empresa, grupo de clientes, 姓名, 性别, 年龄, 生日, 出生日期, 手机, 手机号, 手机号码, 电话, 邮箱, "
    "电子邮件, 地址, 城市, 省份, 邮编, 会员等级, 等级, 会员级别, 注册时间, 注册日期, 入会时间, 入会日期, 积分, 累计消费, 累计消费金额, 最近购买时间, 职业, 学历, 会员类型"
)


@cache
def not_ours() -> frozenset[str]:
    """Names (by their `key`) of what files often hold and no column of ours is: order numbers, stock, postcodes."""
    return of_orders() | _keys(_OTHERS) | of_people()


@cache
def of_orders() -> frozenset[str]:
    """Names (by their `key`) that only files of orders have."""
    return _keys(_OF_ORDERS)


@cache
def of_people() -> frozenset[str]:
    """Names (by their `key`) that files of customers have besides an id."""
    return _keys(_OF_PEOPLE)


def _keys(names: str) -> frozenset[str]:
    return frozenset(spelled for name in names.split(",") for spelled in spellings(name))
