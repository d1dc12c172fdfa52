-- +goose Up

-- What is to be told: written in the transaction of its fact. spread_us is when it was worked out to whom it goes.
create table outbox_event (
    id         text   primary key,
    kind       text   not null,
    at_us      bigint not null,
    license_id text   not null,
    account_id text   not null,
    data       text   not null,
    spread_us  bigint not null
);
create index outbox_event_new on outbox_event (at_us, id) where spread_us = 0;
create index outbox_event_at on outbox_event (at_us, id);
create index outbox_event_account on outbox_event (account_id) where account_id <> '';

-- An event on its way to one target. Until due_us it is left alone: it waits for its next try, or is leased.
create table delivery (
    id         text   primary key,
    event_id   text   not null references outbox_event (id) on delete cascade,
    channel    text   not null,
    target     text   not null,
    form       text   not null,
    lane       text   not null,
    state      text   not null,
    why        text   not null,
    created_us bigint not null,
    since_us   bigint not null,
    due_us     bigint not null,
    tries      bigint not null,
    lease      text   not null
);
create index delivery_due on delivery (channel, lane, due_us, id) where due_us <> 0;
create index delivery_created on delivery (created_us, id);
create index delivery_target on delivery (target, created_us, id);
create index delivery_event on delivery (event_id);

create table delivery_attempt (
    delivery_id text   not null references delivery (id) on delete cascade,
    number      bigint not null,
    at_us       bigint not null,
    took_us     bigint not null,
    status      bigint not null,
    say         text   not null,
    primary key (delivery_id, number)
);

create table webhook (
    id           text   primary key,
    url          text   not null,
    description  text   not null,
    events       text   not null,
    disabled     bigint not null,
    why          text   not null,
    secret       text   not null,
    old_secret   text   not null,
    old_until_us bigint not null,
    created_us   bigint not null,
    changed_us   bigint not null,
    revision     bigint not null
);

-- +goose Down
drop table webhook;
drop table delivery_attempt;
drop table delivery;
drop table outbox_event;
