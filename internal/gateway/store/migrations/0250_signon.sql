-- +goose Up

-- One person's being signed in to one of the seller's applications, from one session here, with which it ends. secret_hash is of
-- what the application brings next: its code, and once that is redeemed its refresh token; empty: nothing is good any more.
create table signon (
    id          text   primary key,
    application text   not null,
    session     text   not null references session (hash) on delete cascade,
    scopes      text   not null, -- with blanks between
    nonce       text   not null,
    redirect    text   not null,
    challenge   text   not null,
    made_us     bigint not null,
    secret_hash text   not null,
    redeemed    boolean not null, -- the code is spent
    expires_us  bigint not null
);
create index signon_session on signon (session, made_us, id);
create index signon_expires on signon (expires_us);

-- +goose Down
drop table signon;
