-- +goose Up

-- One licence's way from the landing page to an account. There is no column for the token, and never will be.
create table registration (
    id                  text   primary key,
    license             text   not null unique,
    product             text   not null,
    license_arn         text   not null,
    customer            text   not null,
    customer_identifier text   not null,
    offer_type          text   not null,
    arrived_us          bigint not null,
    last_arrived_us     bigint not null,
    arrivals            bigint not null,
    account             text   references account (id), -- null until claimed
    claimed_us          bigint not null default 0,
    attached_us         bigint not null default 0
);
create index registration_arrived on registration (arrived_us, id);
create index registration_account on registration (account, claimed_us);
create index registration_unattached on registration (claimed_us) where claimed_us <> 0 and attached_us = 0;

-- +goose Down
drop table registration;
