-- souk:works-from 260
-- +goose Up

-- Somebody asked for another e-mail address. hash is of the secret in the newest mail's link to it; '' until one was sent, and once
-- the address is theirs. Then changed_us is when, and was the address before, which is told of it.
create table address_change (
    id         text   primary key,
    person     text   not null references person (id) on delete cascade,
    email      text   not null,
    was        text   not null default '',
    hash       text   not null default '',
    changed_us bigint not null default 0,
    expires_us bigint not null
);
create index address_change_person on address_change (person);
create index address_change_hash on address_change (hash);
create index address_change_expires on address_change (expires_us);

-- +goose Down
drop table address_change;
