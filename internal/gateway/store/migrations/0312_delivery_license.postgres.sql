-- +goose Up

-- What is told of a licence, its deliveries and their attempts have the licence in their keys, so that an engine that shards can keep
-- them beside the licence's own rows; '' where it is about none. Ids stay as unique as they were: they are made of the licence.
alter table delivery add column license_id text not null default '';
update delivery d set license_id = e.license_id from outbox_event e where e.id = d.event_id and e.license_id <> '';
alter table delivery_attempt add column license_id text not null default '';
update delivery_attempt a set license_id = d.license_id from delivery d where d.id = a.delivery_id and d.license_id <> '';

alter table delivery_attempt drop constraint delivery_attempt_delivery_id_fkey, drop constraint delivery_attempt_pkey;
alter table delivery drop constraint delivery_event_id_fkey, drop constraint delivery_pkey;
alter table outbox_event drop constraint outbox_event_pkey, add primary key (id, license_id);
alter table delivery add primary key (id, license_id),
    add foreign key (event_id, license_id) references outbox_event (id, license_id) on delete cascade;
alter table delivery_attempt add primary key (delivery_id, license_id, number),
    add foreign key (delivery_id, license_id) references delivery (id, license_id) on delete cascade;
create index delivery_license on delivery (license_id, created_us, id) where license_id <> '';

-- +goose Down
drop index delivery_license;
alter table delivery_attempt drop constraint delivery_attempt_delivery_id_license_id_fkey, drop constraint delivery_attempt_pkey;
alter table delivery drop constraint delivery_event_id_license_id_fkey, drop constraint delivery_pkey;
alter table outbox_event drop constraint outbox_event_pkey, add primary key (id);
alter table delivery add primary key (id), add foreign key (event_id) references outbox_event (id) on delete cascade;
alter table delivery_attempt add primary key (delivery_id, number), add foreign key (delivery_id) references delivery (id) on delete cascade;
alter table delivery_attempt drop column license_id;
alter table delivery drop column license_id;
