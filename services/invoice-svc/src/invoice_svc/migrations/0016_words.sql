-- The words of the rest of the system: an imported event is an event, and belongs to a customer.

alter table imports.fact rename to event;
alter table imports.event rename column party to customer_ref;
alter table imports.import rename column told to reported;
alter table clock.job rename column facts_fed to events_recorded;
