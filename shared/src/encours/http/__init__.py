"""HTTP layer of all services: app factory, commands, queries, answers and problems.

A service's ``app.py``::

    def create_app(settings: ServiceSettings) -> FastAPI:
        return compose(NAME, "Invoices and payments", [invoices.router, payments.router], settings, models=MODELS)

Each resource is a folder ``http/<resource>/`` of three files. ``bodies.py`` has the request bodies, which turn
themselves into commands::

    class IssueBody(Body):
        issued_on: BusinessDate | None = None

        def to_command(self, invoice_id: str) -> IssueInvoice:
            return IssueInvoice(invoice_id, self.issued_on)

``answers.py`` has the answers, made from states::

    class InvoiceOut(AsOf):
        id: str
        number: str | None

        @classmethod
        def of(cls, state: Invoice, version: int, as_of: date) -> Json:
            return {"id": state.invoice_id, "number": state.number}

    INVOICE_ANSWER = Answer(INVOICE, InvoiceOut.of)

``routes.py`` passes a command to one use case, or runs one query of a read model, and does nothing else::

    router = Router(tags=["Invoices"])
    InvoiceId = Annotated[str, Id("inv")]
    Writing = Annotated[Command, command("invoices:write")]
    Reading = Annotated[Query, reading("invoices:read")]

    @router.post("/v1/invoices/{id}/issue", response_model=InvoiceOut)
    async def issue_invoice(id: InvoiceId, body: IssueBody, cmd: Writing) -> Response:
        \"\"\"Give the draft its legal number.\"\"\"
        return await cmd.run(invoices.issue, body.to_command(id), answer=INVOICE_ANSWER, on=id)

    @router.get("/v1/invoices", response_model=InvoiceListing)
    async def list_invoices(
        q: Reading,
        page: Annotated[Page, paging("due_on", default="due_on", key="id", nullable=("due_on",))],
        customer_id: CustomerId | None = None,
    ) -> Response:
        \"\"\"Invoices as of a date.\"\"\"
        async with q.view("invoices") as view:  # a read model at the question's dates
            rows = await query.invoices(view, page, customer_id=customer_id)  # read_models/invoices/query.py: the SQL
            return q.respond(page.body(rows, InvoiceOut.of_row) | view.echo())

``cmd.run`` does the rest: the mark of a request in flight, ``If-Match`` against the version of ``on``, dry run, load,
fold, decide, append and retry (:func:`encours.ledger.execute.execute`), the answer, and the same answer for a
repetition. The use case has no knowledge of HTTP::

    async def issue(session: Session, command: IssueInvoice) -> Result:
        state = await session.get(INVOICE, command.invoice_id)
        for event in decide.issue(state, command.issued_on or session.today):
            session.emit(command.invoice_id, event, entity=state.entity_id)
        return session.result(command.invoice_id)

A use case that has to look something up takes a query besides, ``cmd.run(payments.receive, command, Candidates(db),
…)``, and calls it with ``await session.ask(candidates, …)``, where a repetition ends before anything is searched. Each
refusal of a rule is a class (:class:`encours.kernel.errors.Refusal`), from which the documentation of problems is made.
"""
