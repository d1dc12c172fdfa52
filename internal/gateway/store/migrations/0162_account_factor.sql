-- +goose Up

-- The second factor of an account that has one; as operator_factor and operator_recovery.
create table account_factor (
    account  text   primary key references account (id),
    secret   text   not null,
    step     bigint not null,
    added_us bigint not null
);
create table account_recovery (
    hash    text primary key,
    account text not null references account_factor (account)
);
create index account_recovery_account on account_recovery (account);

-- +goose Down
drop table account_recovery;
drop table account_factor;
