-- +goose Up

-- The accepted terms of an agreement, as AWS told them when the agreement was of that status and last changed then.
create table aws_agreement_terms (
    agreement_id text   not null primary key,
    status       text   not null,
    updated_us   bigint not null,
    asked_us     bigint not null,
    failure      text   not null,
    amount       text   not null,
    currency     text   not null,
    accepted     text   not null -- a JSON array of name and content
);

-- +goose Down
drop table aws_agreement_terms;
