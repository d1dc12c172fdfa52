-- +goose Up

-- When the owner of an account proved that its address is theirs, and when they asked for no more reminders; 0: not yet.
alter table account add column verified_us bigint not null default 0;
alter table account add column quiet_us bigint not null default 0;

-- What a mail carries in a link: whoever has it reads the account's mail. hash is of the secret in the link.
create table account_proof (
    hash       text   primary key,
    account    text   not null references account (id) on delete cascade,
    purpose    text   not null,
    expires_us bigint not null
);
create index account_proof_account on account_proof (account);
create index account_proof_expires on account_proof (expires_us);

-- +goose Down
drop table account_proof;
alter table account drop column quiet_us;
alter table account drop column verified_us;
