-- +goose Up

-- Registration handles that were redeemed, by hash: each may be once. A row goes when the handle has expired.
create table registration_handle (
    hash       text   primary key,
    expires_us bigint not null
);
create index registration_handle_expires on registration_handle (expires_us);

-- The seller's own name for a customer whose account the seller keeps; '' for an account that is kept here. The
-- email_key of the former is a colon and the reference: nobody signs in here with it, because no address has a colon.
alter table account add column reference text not null default '';

-- +goose Down
alter table account drop column reference;
drop table registration_handle;
