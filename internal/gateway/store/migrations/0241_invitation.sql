-- souk:works-from 240
-- +goose Up

-- Somebody is asked into an account. hash is of the secret in the newest mail's link; '' until one was sent. invited_by is the
-- person who asked.
create table invitation (
    id         text   primary key,
    account    text   not null references account (id),
    email      text   not null,
    email_key  text   not null,
    role       text   not null,
    invited_by text   not null,
    created_us bigint not null,
    hash       text   not null default '',
    expires_us bigint not null
);
create unique index invitation_of on invitation (account, email_key);
create index invitation_hash on invitation (hash);
create index invitation_expires on invitation (expires_us);

-- +goose Down
drop table invitation;
