"""Words that generated names and texts are made of. Any likeness to a firm that exists is chance."""

FIRST = (
    "Ambre", "Ashford", "Aubépine", "Barley", "Bellevue", "Bluebell", "Bramble", "Camomille", "Cedar", "Chardon",
    "Clearwater", "Coquelicot", "Copper", "Cornerhouse", "Eglantine", "Fairfield", "Falaise", "Foxglove", "Genêt",
    "Granary",
    "Hawthorn", "Hazel", "Hirondelle", "Ivory", "Jasmin", "Juniper", "Kestrel", "Lanterne", "Larkspur", "Lavande",
    "Linden", "Maple", "Marjolaine", "Meadow", "Mésange", "Mistral", "Moulin", "Oakley", "Orchard", "Pavot",
    "Primrose", "Quayside", "Rivage", "Romarin", "Rowan", "Sable", "Saffron", "Sycamore", "Tilleul", "Willow",
)  # fmt: skip
SECOND_EN = (
    "Gifts", "Home", "Interiors", "Traders", "Stores", "Emporium", "Supplies", "& Sons", "Retail", "Collective",
)  # fmt: skip
SECOND_FR = (
    "Cadeaux", "Maison", "Décor", "Négoce", "Boutiques", "Bazar", "Distribution", "& Filles", "Commerce", "Ateliers",
)  # fmt: skip
FORM_EN = ("Ltd", "LLP", "plc")
FORM_FR = ("SARL", "SAS", "EURL")
STREET_EN = ("Mill Lane", "Church Row", "Market Street", "Station Road", "Castle Hill", "Orchard Close")
STREET_FR = (
    "rue du Moulin",
    "place du Marché",
    "quai des Saules",
    "avenue des Tilleuls",
    "rue Haute",
    "impasse du Puits",
)
TOWN_EN = (("Haddonbrook", "ZZ99 1AA"), ("Foxcombe Magna", "ZZ99 2AB"), ("Wexley-on-Sea", "ZZ99 3BD"))
TOWN_FR = (("Valbrume-sur-Loue", "99101"), ("Saint-Aubry", "99202"), ("Pont-Chardon", "99303"))
"""Towns that do not exist, with postal codes that nobody is given."""
DISPUTES = {
    "en": {
        "quality": "Several pieces arrived broken.",
        "quantity": "Fewer boxes were delivered than invoiced.",
        "price": "The agreed rebate is missing.",
        "delivery": "Delivered after the date agreed.",
        "administrative": "Our order number is missing on the invoice.",
    },
    "fr": {
        "quality": "Plusieurs pièces sont arrivées cassées.",
        "quantity": "Moins de cartons livrés que facturés.",
        "price": "La remise convenue n'apparaît pas.",
        "delivery": "Livraison après la date convenue.",
        "administrative": "Notre numéro de commande manque sur la facture.",
    },
}
WITH_NUMBERS = {
    "en": (
        "INV {numbers}",
        "PAYMENT INVOICE {numbers}",
        "{numbers}",
        "/ROC/{numbers}",
        "YOUR INV {numbers} THANK YOU",
    ),
    "fr": (
        "FACTURE {numbers}",
        "REGLEMENT FACT {numbers}",
        "{numbers}",
        "VIR SEPA {numbers}",
        "FACT. {numbers} MERCI",
    ),
}
WITHOUT_NUMBERS = {
    "en": ("PAYMENT {name}", "ON ACCOUNT", "BACS {name}", "SUPPLIERS {month}"),
    "fr": ("VIREMENT {name}", "REGLEMENT", "VIR {name}", "FOURNISSEURS {month}"),
}
