"""Texts of what an entity decides for all of its customers, its settings, rules and plans, and of the ledger itself."""

from __future__ import annotations

from encours.contracts.events import (
    alerts,
    approval,
    aside,
    bank,
    calendar,
    collectors,
    dispute,
    entity,
    experiment,
    field,
    figure,
    imports,
    payment,
    policy,
    rate,
    recurring,
    reminders,
    residual,
    template,
)
from encours.reading.texts.form import Lines

LINES: Lines = {
    entity.EntityRegistered: (
        "Entity {name} registered, books in {currency}",
        "Entité {name} créée, comptes en {currency}",
    ),
    entity.EntityAmended: ("Details of the entity amended: {name}", "Fiche de l'entité modifiée : {name}"),
    entity.SeriesDefined: (
        "Number series {code} defined, prefix {prefix}",
        "Série de numéros {code} définie, préfixe {prefix}",
    ),
    entity.FirstNumberSet: (
        "Series {code} begins {year} with number {first_number}",
        "La série {code} commence {year} au numéro {first_number}",
    ),
    entity.NumberDisplaySet: (
        "Form of the numbers of series {code} from {valid_from}: {template}",
        "Forme des numéros de la série {code} à partir du {valid_from} : {template}",
    ),
    entity.PeriodClosed: ("Books closed up to {closed_until}", "Comptes clôturés jusqu'au {closed_until}"),
    entity.BankAccountSet: (
        "Bank account in {currency} from {valid_from}: {iban}",
        "Compte bancaire en {currency} à partir du {valid_from} : {iban}",
    ),
    entity.VatRegimeSet: (
        "VAT regime from {valid_from}: {regime}",
        "Régime de TVA à partir du {valid_from} : {regime}",
    ),
    residual.ToleranceSet: (
        "Tolerance {code} from {valid_from}: up to {cap_minor}",
        "Tolérance {code} à partir du {valid_from} : jusqu'à {cap_minor}",
    ),
    approval.ApprovalSet: (
        "Approvals set: rules {rules}, approvers {approvers}",
        "Validations fixées : règles {rules}, valideurs {approvers}",
    ),
    field.FieldDefined: ("Custom field {label} ({code}) defined", "Champ libre {label} ({code}) défini"),
    payment.AllocationPolicySet: (
        "Order of allocation set from {valid_from}",
        "Ordre d'imputation fixé à partir du {valid_from}",
    ),
    dispute.DeductionCodeMapped: (
        "Deduction code {code} mapped from {valid_from}",
        "Code de déduction {code} rattaché à partir du {valid_from}",
    ),
    dispute.DisputeCategorySet: (
        "Owner and deadline of a category of disputes set from {valid_from}: {owner}",
        "Responsable et délai d'une catégorie de litiges fixés à partir du {valid_from} : {owner}",
    ),
    figure.TurnoverPlanSet: (
        "Turnover plan {title} ({code}) set, version {plan_version}: targets {targets}",
        "Plan de chiffre d'affaires {title} ({code}) fixé, version {plan_version} : objectifs {targets}",
    ),
    rate.ExchangeRatePublished: (
        "Exchange rate of {on}: 1 {base} = {rate} {quote}",
        "Cours du {on} : 1 {base} = {rate} {quote}",
    ),
    recurring.IndexPublished: (
        "Index {name} published: values {values}",
        "Indice {name} publié : valeurs {values}",
    ),
    imports.ImportReceived: ("Import of {file_name} received", "Import de {file_name} reçu"),
    imports.ImportCompleted: (
        "Import completed: {accepted} of {lines} lines accepted, {rejected} rejected",
        "Import terminé : {accepted} lignes acceptées sur {lines}, {rejected} rejetées",
    ),
    bank.CsvMapSet: (
        "Columns of CSV statements of {iban} set",
        "Colonnes des relevés CSV de {iban} définies",
    ),
    bank.StatementTaken: ("Statement of {iban} taken over", "Relevé de {iban} repris"),
    bank.BankStatementImported: (
        "Bank statement {file_name} of {iban} imported: lines {line_count}",
        "Relevé bancaire {file_name} de {iban} importé : lignes {line_count}",
    ),
    bank.VirtualIbanAssigned: (
        "Virtual IBAN {iban} assigned from {valid_from}",
        "IBAN virtuel {iban} attribué à partir du {valid_from}",
    ),
    alerts.AlertRuleSet: ("Rule of alerts {rule_code} set", "Règle d'alerte {rule_code} fixée"),
    alerts.AlertDigestRequested: (
        "Alerts of {day} to be sent: {alert_ids}",
        "Alertes du {day} à envoyer : {alert_ids}",
    ),
    alerts.AlertDigestSent: ("Alerts sent by mail", "Alertes envoyées par e-mail"),
    alerts.AlertDigestFailed: ("Alerts not sent: {evidence}", "Alertes non envoyées : {evidence}"),
    alerts.AlertDigestUnconfirmed: (
        "Alerts may have been sent; they are not sent again",
        "Alertes peut-être envoyées ; elles ne sont pas renvoyées",
    ),
    collectors.CollectorDefined: (
        "Collector {name} ({collector_code}) set from {valid_from}",
        "Chargé de recouvrement {name} ({collector_code}) fixé à partir du {valid_from}",
    ),
    collectors.CollectorTargetSet: (
        "Target of collector {collector_code} for the month of {month}: {amount_minor}",
        "Objectif du chargé de recouvrement {collector_code} pour le mois du {month} : {amount_minor}",
    ),
    collectors.CustomersAssigned: (
        "Customers assigned to collector {collector_code} from {valid_from}: {customer_ids}",
        "Clients confiés au chargé de recouvrement {collector_code} à partir du {valid_from} : {customer_ids}",
    ),
    experiment.ExperimentStarted: (
        "Experiment {name} started with {challenger_percent} % of the customers",
        "Test {name} lancé sur {challenger_percent} % des clients",
    ),
    experiment.ExperimentStopped: ("Experiment stopped: {cause}", "Test arrêté : {cause}"),
    reminders.RunCompleted: (
        "Dunning run of {day}: {requested} message(s), {tasks} task(s), {suppressed} held back",
        "Relances du {day} : {requested} message(s), {tasks} tâche(s), {suppressed} retenue(s)",
    ),
    policy.PolicyCreated: ("Dunning policy created", "Scénario de relance créé"),
    policy.PolicyVersionAdded: (
        "Version {version} of a dunning policy added",
        "Version {version} d'un scénario de relance ajoutée",
    ),
    policy.PolicyBacktested: (
        "Version {version} of a dunning policy tested on {first_on} to {last_on}",
        "Version {version} d'un scénario de relance testée du {first_on} au {last_on}",
    ),
    policy.PolicyActivated: (
        "Version {version} of a dunning policy activated",
        "Version {version} d'un scénario de relance activée",
    ),
    policy.PolicyRetired: ("Dunning policy retired: {cause}", "Scénario de relance retiré : {cause}"),
    calendar.DayOpened: ("Business day {day} opened", "Journée du {day} ouverte"),
    aside.EventSetAside: (
        "Event {position} cannot be read and is left out: {fault}",
        "Événement {position} illisible, laissé de côté : {fault}",
    ),
    template.TemplateVersionSaved: (
        "Template {template_code} saved, version {version}",
        "Modèle {template_code} enregistré, version {version}",
    ),
    template.TemplateReset: (
        "Template {template_code} reset to the shipped one: {cause}",
        "Modèle {template_code} rétabli : {cause}",
    ),
}
