-- +goose Up

-- What is told of a licence, its deliveries and their attempts say of which; '' where it is about none. On PostgreSQL it is in their keys,
-- so that an engine that shards can keep them beside the licence's own rows. SQLite never shards, and its keys stay.
alter table delivery add column license_id text not null default '';
update delivery set license_id = (select e.license_id from outbox_event e where e.id = delivery.event_id);
alter table delivery_attempt add column license_id text not null default '';
update delivery_attempt set license_id = (select d.license_id from delivery d where d.id = delivery_attempt.delivery_id);
create index delivery_license on delivery (license_id, created_us, id) where license_id <> '';

-- +goose Down
drop index delivery_license;
alter table delivery_attempt drop column license_id;
alter table delivery drop column license_id;
