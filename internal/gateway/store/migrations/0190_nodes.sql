-- +goose Up

-- The processes that share the database. A row says, again and again, that its process lives; only PostgreSQL has any.
create table node (
    id      text   primary key, -- of one start of a process
    name    text   not null,    -- as its people call it
    address text   not null,    -- where the other nodes reach it; '' if they cannot
    session text   not null,    -- the database's name for the session that says so; it ends when the process dies
    seen_us bigint not null     -- when it last said so, by the database's clock
);

-- What one node at a time may write. This row changes with the owner only, so that a transaction can hold on to it.
create table lease (
    name  text   primary key, -- 'books': all that a gateway writes
    owner text   not null,    -- the node's id; '' if there was none yet
    epoch bigint not null     -- one more with each owner
);

-- The claim of a gateway that knows nothing of leases: without it, it can write no more usage.
delete from setting where name = 'node';

-- +goose Down
drop table lease;
drop table node;
