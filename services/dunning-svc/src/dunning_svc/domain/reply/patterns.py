"""Words by which sentences are told apart, in French, English and German: the rules of reading as data."""

from __future__ import annotations

import re
from typing import Literal

DisputeSubject = Literal[
    "price", "quantity", "not_delivered", "defective", "order_number", "twice", "credit", "other"
]


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


PAYMENT = _words(
    r"\b(?:re)?pay(?:er|é|és|ée|ées|ez|ons|e)\b", r"\bpai(?:e|era|erai|erons|eront|ement|ements)\b",
    r"\br[éeè]gl(?:er|é|ée|és|ées|e|era|erai|erons|ement|ements|ons)\b", r"\bvirement", r"\bvirer\b",
    r"\bvirée?s?\b", r"\bvers(?:er|é|ée|és|ement|era|erons)\b", r"\bsold(?:er|é|ée|és|ées|erons|era)\b",
    r"\bch[èe]ques?\b", r"\bacquitt", r"\bpay(?:ing|ment|ments|s)?\b", r"\bpaid\b", r"\btransfer(?:red|s)?\b",
    r"\bwired?\b", r"\bsettled?\b", r"\bremit", r"\bclear(?:ed)? (?:the|this|that|our|it)\b", r"\bcheques?\b",
    r"\bmoney\b", r"\bzahl(?:en|e|t|ung|ungen|ungslauf|ungseingang)\b", r"\bbezahl(?:en|e|t)\b", r"\bgezahlt\b",
    r"\büberw(?:eis|ies)", r"\bueberweis", r"\bbegl(?:eich|ich)", r"\bausgleich", r"\bausgeglichen",
    r"\bschecks?\b", r"\b(?:an|ange)wiesen\b", r"\banweis", r"\bgeld\b",
    r"\b(?:gleichen?|gleicht)\b.{0,60}\baus\b", r"\beingezahlt", r"\bargent\b", r"\bfonds\b",
    r"\bproc[éèe]d\w* au\b", r"\bsolde(?:ra|rai|rons|nt)?\b", r"\bcompte (?:sera|est) sold", r"\bfunds?\b",
    r"\bbalance\b", r"\bbacs\b", r"\bsepa\b", r"\bdirect debit\b", r"\bpr[ée]l[èe]vement", r"\blastschrift",
)  # fmt: skip

PAST = _words(
    r"\b(?:a|ont|avons|ai|as) (?:bien |déjà |été |déjà été |bien été )*(?:vous )*(?:été )?"
    r"(?:payé|réglé|viré|versé|soldé|effectué|acquitté|émis|envoyé)",
    r"\bvous (?:a|ont|avons) (?:été )?(?:payé|réglé|viré|versé|soldé)",
    r"\b(?:est|sont) (?:déjà |bien |donc )*(?:parti|payé|réglé|soldé|effectué|acquitté)",
    r"\bdéjà (?:payé|réglé|soldé|viré)",
    r"\b(?:was|were|has been|have been|is|been) (?:already |fully |now )*(?:paid|settled|wired|transferred"
    r"|cleared|remitted)",
    r"\b(?:have|has|had) (?:already |now )*(?:paid|settled|wired|transferred|cleared|sent|made|had)",
    r"\bwe (?:already |just )*(?:paid|settled|wired|transferred|sent)", r"\b(?:went out|left|already paid)\b",
    r"\b(?:wurde|ist|sind|wurden) .{0,60}\b(?:bezahlt|überwiesen|beglichen|erfolgt|angewiesen|abgegangen"
    r"|ausgeglichen)",
    r"\bhaben? .{0,60}\b(?:bezahlt|gezahlt|überwiesen|beglichen|angewiesen|ausgeglichen)",
    r"\bging\b.{0,60}\braus\b", r"\bbereits (?:bezahlt|überwiesen|beglichen)",
    r"\bseit .{3,30} (?:bezahlt|beglichen|ausgeglichen)",
    r"\b(?:payée?s?|réglée?s?|soldée?s?|virée?s?|fait|effectuée?|exécutée?) (?:par|le|hier|depuis|en)\b",
    r"\bavons (?:déjà |bien )?procédé\b", r"\bas paid\b", r"\bsettled (?:via|by|on)\b",
    r"\bmade (?:the|a|this|our) (?:payment|transfer)", r"\b(?:bezahlt|überwiesen|beglichen) (?:am|per)\b",
    r"\bausgeführt\b", r"\bvorgenommen\b",
)  # fmt: skip

AHEAD = _words(
    r"\b\w+er(?:ai|a|ons|ont)\b", r"\b(?:vais|va|allons|vont) (?:vous )?(?:être )?\w+", r"\bsera(?:i|s)?\b",
    r"\bserez\b", r"\bpartira\b", r"\brecevrez\b", r"\bferons\b", r"\bpr[ée]vue?s?\b", r"\bprogramm", r"\bengage",
    r"\bcomptez\b", r"\bpassera\b", r"\b\w+r(?:ai|ez|ons|ont)\b",
    r"\b(?:vous|on|compta\w*|comptable) (?:vous )?(?:paie|règle|vire|verse)\b",
    r"\bje vous confirme\b|\bnous vous confirmons\b", r"\bexécution\b", r"\bpartent?\b", r"\bgets? paid\b",
    r"\bon its way\b", r"\bvalue date\b", r"\bset up\b", r"\bqueued\b", r"\bdue to go out\b", r"\bgoes out\b",
    r"\bguarantee", r"\bvorgemerkt\b", r"\b(?:be)?zahlt\b", r"\bnehmen\b.{0,60}\bvor\b",
    r"\bgleichen\b.{0,60}\baus\b", r"\bbestätige", r"\bausführung\b", r"\bbekommen\b",
    r"\bdemandé à (?:ma|notre) banque", r"\bon vous (?:fait|paie|règle|vire)", r"\bplanifi", r"\bwill\b",
    r"\b\w+'ll\b", r"\bgoing to\b", r"\bshall\b", r"\bscheduled\b", r"\bpromise\b",
    r"\bexpect (?:our|the|my|a)\b", r"\bcount on\b", r"\barranged\b", r"\bto be paid\b",
    r"\bshould be with you\b", r"\bin (?:our|the) (?:next )?pay(?:ment)? run\b", r"\bplanned\b", r"\bcommit",
    r"\bwerden?\b", r"\bwird\b", r"\berfolgt\b", r"\berhalten sie\b|\bsie erhalten\b", r"\büberweisen\b",
    r"\b(?:ich|wir) (?:be)?zahlen?\b", r"\b(?:ich|wir) begleichen?\b", r"\bbegleichen (?:wir|den|die|das)\b",
    r"\beingeplant\b", r"\bgeplant\b", r"\brechnen\b", r"\benthalten\b", r"\bgeht .{0,40}\braus\b",
    r"\bschicken wir\b|\bwir schicken\b", r"\bveranlass", r"\bvorgesehen\b",
)  # fmt: skip

NEGATED = _words(
    r"\bn(?:e |')(?:vous |les |la |le )?\w+(?: \w+)? (?:pas|plus|jamais|point|aucun|rien|guère|que)\b",
    r"\b(?:pas|jamais|plus) (?:pay|régl|vir)", r"\brien\b", r"\bverweiger", r"\bnichts\b", r"\bnothing\b",
    r"\bnot\b", r"\bfail(?:ed)? to\b", r"\bstopp?(?:ed|t)?\b", r"\bsuspend", r"\bimpossible\b",
    r"\bpas (?:possible|en mesure|de paiement|de règlement)", r"\bincapables?\b", r"\brefus",
    r"\baucun (?:paiement|règlement|virement)",
    r"\b(?:can|could|do|does|did|will|would|is|are|was|has|have)(?:n't| not)\b", r"\bcannot\b", r"\bunable\b",
    r"\bno way\b", r"\bwon't\b", r"\brefus", r"\bnever\b", r"\bno payment\b", r"\bneither\b", r"\bwithout\b",
    r"\bnot (?:be )?(?:able|pay|possible)", r"\bnicht\b", r"\bkeine[nrms]?\b", r"\bunmöglich\b",
    r"\bnie(?:mals)?\b", r"\bohne\b", r"\bweder\b",
)  # fmt: skip

CONDITIONAL = _words(
    r"\bsi (?:vous|nous|le|la|les|votre|on|un|une|notre|cela|tout)\b", r"\bsous réserve\b", r"\bà condition\b",
    r"\bdès (?:que|réception)\b", r"\bune fois\b",
    r"\b(?:pourri?ons|pourrais|pourrait|devrions|devrait|espérons|espère|essaierons|tâcherons|essayerons"
    r"|aimerions|souhait\w+|tenter\w*)\b",
    r"\bpeut-être\b", r"\bnormalement\b", r"\bprobablement\b", r"\bà moins\b", r"\blorsque\b", r"\bquand\b",
    r"\baprès (?:réception|livraison|correction)\b", r"\bif\b", r"\bunless\b", r"\bprovided\b", r"\bas soon as\b",
    r"\bonce\b", r"\b(?:could|might|(?<!\d )(?<!of )may(?! \d)|would|hope|hopefully|try|maybe|perhaps|probably)\b",
    r"\bsubject to\b",
    r"\bwhen (?:we|you|our|your)\b", r"\bafter (?:you|we|receipt)\b", r"\bin case\b", r"\bwenn\b", r"\bfalls\b",
    r"\bsofern\b", r"\bsobald\b", r"\bsoweit\b",
    r"\b(?:könnten?|würden?|möchten|hoffen|hoffe|versuchen|versuche|vielleicht|voraussichtlich|eventuell"
    r"|vermutlich)\b",
    r"\bvorbehaltlich\b", r"\bnachdem\b", r"\bunter der bedingung\b", r"\bnach erhalt\b",
)  # fmt: skip

OTHER_MATTER = _words(
    r"\béchéances?\b", r"\béchue?s?\b", r"\bdue (?:date|on)\b|\boverdue\b", r"\bfällig", r"\bréunion\b",
    r"\bmeets?\b|\bmeeting\b", r"\blivr(?:aison|ée?s?|er)\b", r"\bdeliver|\bshipment\b|\bshipped\b",
    r"\b(?:aus)?liefer", r"\battend(?:ons|s|e)\b", r"\bwaiting\b|\bawait", r"\berwarten?\b|\bwarten?\b",
    r"\b(?:but|mais|aber|however|cependant|allerdings|jedoch)\b", r"\b(?:signe|signs|unterschreibt)\b",
    r"\brappelez|\bcall me\b|\brufen sie\b", r"\bcongés?\b|\bvacances\b|\bholiday|\burlaub",
    r"\b(?:closed|fermés?|geschlossen)\b", r"\bvos (?:conditions|délais)\b", r"\bpayment terms\b",
    r"\bzahlungs(?:ziel|frist|bedingung)", r"\brembours", r"\brefund", r"\berstatt",
    r"\bvous (?:avez|aviez|deviez|devez)\b", r"\byou (?:promised|said|have to|must|owe|need|should pay)\b",
    r"\bsie (?:haben|müssen|sollten|hatten)\b", r"\bour (?:customer|client)s?\b",
    r"\bnos clients?\b|\bnotre (?:propre )?client\b|\bown (?:customer|client)|\beigenen kunden",
    r"\bunser(?:e|em|en)? kunden?\b",
)  # fmt: skip

DONE = _words(
    r"\bn[ée]cessaire\b", r"\bconsider it done\b", r"\btaken care of\b", r"\bsorted\b",
    r"\b(?:fait|régularis\w+)\b", r"\berledigt\b", r"\bin ordnung\b", r"\breleased?\b", r"\bfreigegeben\b",
)  # fmt: skip
"""Words that promise something without naming a payment."""

AGREES = _words(
    r"\bengage", r"\bpromise\b", r"\bcommit", r"\bsans faute\b", r"\bverspr", r"\bau plus tard\b",
    r"\bat the latest\b", r"\bspätestens\b", r"\bwill\b", r"\bwerden?\b|\bwird\b", r"\b\w+er(?:ai|a|ons)\b",
    r"\bsera\b", r"\berfolgt\b",
)  # fmt: skip

DISPUTES: dict[DisputeSubject, re.Pattern[str]] = {
    "not_delivered": _words(
        r"\b(?:jamais|pas|toujours pas|pas encore|non) (?:été )*(?:livr|reçu (?:la|les|le|nos"
        r"|cette) (?:marchandise|produit|commande|livraison|colis|matériel|articl))",
        r"\b(?:never|not|hasn't|haven't|wasn't|weren't)(?: yet| been| even)* (?:delivered|arrived|shipped)",
        r"\b(?:not|never|n't) (?:yet )?received? (?:the|our|any) (?:goods|delivery|order|parts|shipment|items"
        r"|material)",
        r"\b(?:nie|nicht|noch nicht|bis heute nicht) (?:vollständig )?(?:geliefert|angekommen|eingetroffen)",
        r"\blieferung (?:fehlt|ist ausgeblieben)",
        r"\b(?:ware|lieferung|bestellung) (?:nie|nicht|noch nicht|bis heute nicht) (?:erhalten|bekommen)",
    ),
    "defective": _words(
        r"\bdéfectueu", r"\bendommag", r"\bcass(?:é|ée|és|ées)\b", r"\babîm", r"\bnon[- ]conforme", r"\bmalfaçon",
        r"\bhors service\b", r"\bne fonctionn\w* pas\b", r"\bdamaged\b", r"\bdefective\b", r"\bfaulty\b",
        r"\bbroken\b", r"\bnot working\b", r"\bdoesn't work\b", r"\bpoor quality\b", r"\bbeschädigt", r"\bdefekt",
        r"\bmangelhaft", r"\bkaputt", r"\bmängel\b", r"\bfunktionier\w+ nicht\b",
    ),
    "order_number": _words(
        r"\b(?:sans|manque|absen\w*|pas|ni)\b.{0,40}\b(?:numéro|n°|référence|bon) (?:de|du) (?:bon de )?commande",
        r"\b(?:numéro|bon) de commande\b.{0,40}\b(?:manqu|absent|fait défaut|n'apparaît|ne figure|erroné"
        r"|obligatoire)",
        r"\b(?:without|missing|no|lacks?|needs?)\b.{0,30}\b(?:po|purchase order|order)(?: number| reference"
        r"| no\b)?",
        r"\b(?:po|purchase order|order) (?:number|reference)\b.{0,40}\b(?:missing|absent|not (?:on|shown|stated))",
        r"\b(?:ohne|fehlt|fehlende|keine)\b.{0,30}\bbestell(?:nummer|nr|referenz)",
        r"\bbestell(?:nummer|nr)\b.{0,30}\bfehlt",
    ),
    "twice": _words(
        r"\bdeux fois\b", r"\bdouble facturation|\bfactur\w+ en double|\bdoublon\b",
        r"\b(?:billed|invoiced|charged)\b.{0,20}\btwice\b", r"\bduplicate (?:invoice|billing|charge)",
        r"\bdoppelt (?:be|ver)?rechnet|\bdoppelte rechnung|\bzweimal (?:berechnet|in rechnung)",
    ),
    "price": _words(
        r"\b(?:remise|rabais|ristourne|taux de tva|tva)\b.{0,50}\b(?:pas|oubli|manqu|omis|erron|faux|tromp)",
        r"\btromp\w*\b.{0,30}\b(?:prix|tarif|taux|tva|montant)",
        r"\b(?:discount|rebate|vat|vat rate)\b.{0,40}\b(?:not|n't|missing|forgotten|wrong|incorrect)",
        r"\bwrong vat\b",
        r"\b(?:rabatt|skonto|nachlass|steuersatz|mehrwertsteuer\w*|mwst)\b.{0,50}\b(?:nicht|fehlt|falsch"
        r"|vergessen)",
        r"\bfalschen? \w*(?:steuersatz|preis|satz)",
        r"\bplus (?:cher|élevé) que\b|\bmore than (?:we )?(?:agreed|ordered|quoted)\b|\bhigher than\b"
        r"|\b(?:höher|mehr|teurer) als\b",
        r"\b(?:prix|tarif|taux)\b.{0,60}\b(?:pas|erron|faux|incorrect|différent|supérieur|trop)",
        r"\berreur (?:de|sur le|sur les) (?:prix|tarif|facturation)", r"\btrop (?:cher|factur)",
        r"\bmontant\b.{0,40}\b(?:erron|faux|incorrect|inexact)",
        r"\bprices?\b.{0,40}\b(?:wrong|incorrect|not|n't|differ|too high|higher)",
        r"\bwrong (?:price|amount|rate)", r"\bcharged (?:more|too much)", r"\bovercharged\b",
        r"\bamount\b.{0,30}\b(?:wrong|incorrect)\b",
        r"\bpreise?\b.{0,40}\b(?:stimmt|stimmen|falsch|nicht|zu hoch|weicht|abweich)",
        r"\bfalsche[rn]? (?:preis|betrag)", r"\bmehr berechnet\b", r"\bzu (?:viel|hoch) berechnet",
        r"\bbetrag\b.{0,30}\b(?:falsch|stimmt nicht)",
    ),
    "quantity": _words(
        r"\bfactur\w+ .{0,40}\b(?:alors|mais|or)\b",
        r"\b(?:invoiced|billed|charged)\b.{0,50}\b(?:but|only|although|while)\b",
        r"\b(?:berechnet|fakturiert)\b.{0,50}\b(?:aber|nur|obwohl)\b",
        r"\bonly (?:got|received)\b|\bnur \d+ (?:erhalten|bekommen)\b|\breçu que\b",
        r"\bquantités?\b.{0,40}\b(?:erron|faux|fausse|incorrect|pas|différ)",
        r"\b(?:manqu\w+|incompl[eè]t).{0,30}\b(?:pièce|article|colis|produit|livraison)",
        r"\blivraison (?:partielle|incomplète)", r"\bquantit(?:y|ies)\b.{0,40}\b(?:wrong|incorrect|not|differ)",
        r"\bwrong quantity\b", r"\b(?:short|incomplete|partial) (?:delivery|shipment)",
        r"\bitems? (?:is|are|were) missing\b", r"\bmengen?\b.{0,40}\b(?:falsch|stimmt|nicht|weicht)",
        r"\bfalsche menge", r"\b(?:teil|unvollständige) ?lieferung",
    ),
    "credit": _words(
        r"\b(?:attend\w*|promis|toujours|réclam\w*|deman\w*)\b.{0,40}\bavoir (?:promis|de|sur|pour"
        r"|correspondant)?|\bl'avoir promis",
        r"\battend\w* (?:toujours )?(?:l'|un |votre |notre )avoir\b",
        r"\b(?:waiting|wait|await\w*|expect\w*|need|owe us)\b.{0,30}\bcredit note",
        r"\b(?:warte\w*|fehlt|erwarte\w*)\b.{0,30}\bgutschrift",
    ),
    "other": _words(
        r"\brefus(?:ons|e)\b", r"\brefuse to\b|\brefusing\b", r"\bverweiger",
        r"\b(?:ne|n') ?(?:nous |me )?(?:concern|regard)\w+ pas\b", r"\bnot (?:ours|for us|our invoice)\b",
        r"\bbetrifft uns nicht\b|\bnicht für uns\b",
        r"\btromp(?:és?|ée)\b|(?<!sauf )\berreur\b|\berron|\binjustifi",
        r"\bmistaken?\b|\berrors?\b|\bunjustified\b", r"\bfehler|\birrtum|\bunberechtigt",
        r"\b(?:pas|plus|jamais|non) (?:encore )?(?:termin|fini|achev|réalis|exécut|conforme)",
        r"\bnot (?:yet )?(?:been )?(?:finished|completed|complete|carried out|done)",
        r"\bnoch nicht (?:fertig|abgeschlossen|erledigt)|\bnicht (?:fertig|ausgeführt|erbracht)",
        r"\bpas (?:venu|passé|intervenu)\b",
        r"\bnever (?:turned up|came|showed)|\bdid(?:n't| not) (?:turn|show) up",
        r"\bnicht (?:erschienen|gekommen)\b|\bnie (?:erschienen|gekommen)\b", r"\bcontest(?:ons|e|er|ée?s?)\b",
        r"\bdésaccord\b", r"\bpas d'accord\b", r"\blitige\b", r"\bréclamation\b",
        r"\bjamais (?:commandé|demandé)", r"\bdisput(?:e|ed|ing)\b",
        r"\b(?:not|don't|do not|cannot|can't) (?:agree|accept)\b", r"\bdisagree\b", r"\bcontest(?:ing)?\b",
        r"\bnever ordered\b", r"\bcomplaint\b", r"\bbeanstand", r"\breklam", r"\bbestreiten\b",
        r"\bnicht (?:einverstanden|akzeptier)", r"\bwidersprech|\bwiderspruch\b", r"\bnie bestellt\b",
    ),
}  # fmt: skip

COPY = _words(
    r"\b(?:joindre|jointe?|ci-joint)\b.{0,30}\bfacture|\bfacture\b.{0,40}\bpièce jointe", r"\b(?:un|le) double\b",
    r"\b(?:pas|plus|aucune?)\b.{0,40}\b(?:dans|parmi) (?:mes|nos) (?:dossiers|papiers|livres|comptes|mails)",
    r"\bfacture\b.{0,40}\b(?:introuvable|égar|perdu)", r"\bquelle facture\b", r"\battach\b", r"\bduplicates?\b",
    r"\bon file\b|\bour (?:files|records|inbox)\b.{0,30}\bno\b", r"\bshare\b.{0,20}\b(?:it|invoice)",
    r"\bwhich invoice\b", r"\b(?:lost|misplaced) (?:the|your|this) invoice",
    r"\banhängen\b|\bmitschicken\b|\bim anhang\b", r"\bduplikat|\bzweitschrift|\bdoppel\b",
    r"\bnicht in (?:den|unseren) (?:akten|unterlagen|büchern)", r"\bwelche rechnung\b",
    r"\brechnung\b.{0,30}\b(?:verloren|verlegt|unauffindbar)", r"\b(?:copie|duplicata|pdf)\b",
    r"\b(?:renvoyer|re-?transmettre|renvoyez)\b",
    r"\b(?:parvenir|envoyer|envoyez|adresser|transmettre)\b.{0,50}\b(?:à nouveau|de nouveau|facture)",
    r"\bn'avons (?:pas|jamais) reçu (?:la|votre|cette) facture|\baucune trace\b|\bne (?:la )?retrouv\w+ pas",
    r"\bcop(?:y|ies) of\b", r"\bre-?send\b",
    r"\b(?:send|forward|sending)\b.{0,30}\b(?:again|once more|over once|invoice)\b",
    r"\b(?:never|not) received? (?:the |this |your |that )?invoice\b", r"\bno trace\b",
    r"\b(?:can't|cannot|can not) find\b", r"\bkopie\b",
    r"\b(?:noch einmal|nochmals?|erneut)\b.{0,30}\b(?:schicken|senden|zusenden|zukommen|zuschicken)",
    r"\berneute zusendung\b", r"\bliegt (?:die |uns )?.{0,40}nicht vor\b", r"\bfehlt uns jede spur\b",
    r"\bfinden .{0,30}nicht\b", r"\bnicht erhalten\b.{0,40}\brechnung|\brechnung\b.{0,40}\bnicht erhalten",
)  # fmt: skip

CONTACT = _words(
    r"\b(?:parti|partie) (?:de|en)\b", r"\b(?:voyez|voir|parlez|adressez-vous) (?:avec|à)\b",
    r"\bmauvaise? (?:adresse|personne|service|destinataire)",
    r"\bnouvelle adresse\b|\badresse\b.{0,40}\S@\S|\bchangé d'adresse",
    r"\bmoved on\b|\bleft (?:my|this) (?:job|position)\b|\bhas left\b",
    r"\b(?:speak|talk|write|turn) to (?:mr|mrs|ms|our|my)\b", r"\bwrong (?:mailbox|recipient|number|company)",
    r"\bnew (?:\w+ )?address\b|\baddress\b.{0,40}\S@\S|\be-?mail\b.{0,40}\S@\S",
    r"\bsprechen sie mit\b|\bansprechpartner", r"\bfalsche[rn]? (?:adresse|person|abteilung|empfänger)",
    r"\bneue \w*adresse\b|\w*adresse\b.{0,40}\S@\S", r"\bfirma\b.{0,30}\bverlassen\b",
    r"\bpas (?:la bonne personne|moi qui|le bon (?:interlocuteur|contact|service))",
    r"\bquitté (?:la société|l'entreprise|notre)",
    r"\b(?:ne|n') ?(?:travaill\w+|fai\w+ )(?: plus| plus partie).{0,20}",
    r"\bplus (?:chez nous|dans (?:la|notre|l'))",
    r"\b(?:adresser|envoyer|diriger|transmettre) (?:désormais )?(?:vos|les|toute|votre) (?:relance|rappel"
    r"|factur|demande|message)\w* (?:à|au|aux)\b",
    r"\b(?:contacter|adressez-vous|voir avec)\b.{0,40}\b(?:comptab|service|finan|collègue|@)", r"\bretraite\b",
    r"\bnot the (?:right|correct) (?:person|contact|address)",
    r"\bleft (?:the|our) (?:company|firm|organi[sz]ation)", r"\bno longer (?:works?|with|employed|in charge)",
    r"\bhandled by (?:somebody|someone|another|our)",
    r"\bplease (?:send|direct|address|forward)\b.{0,50}\b(?:to|at) (?:\S+@|our (?:accounts?|finance))",
    r"\bcontact (?:our|the) (?:accounts?|finance|accounting|colleague)",
    r"\bwrong (?:person|address|department)\b", r"\bhas retired\b", r"\bnicht (?:dafür )?zuständig",
    r"\bdafür (?:bin ich )?nicht (?:der richtige|die richtige|verantwortlich|zuständig)",
    r"\b(?:jemand anderes?|eine andere abteilung|ein anderer kollege) (?:verantwortlich|zuständig)",
    r"\bnicht mehr (?:bei uns|im (?:unternehmen|haus)|in (?:der|unserer) firma|tätig)",
    r"\b(?:ausgeschieden|verlassen)\b", r"\b(?:wenden|richten) sie (?:sich|ihre \w+)?\b.{0,40}\ban\b",
    r"\bim ruhestand\b",
)  # fmt: skip
