-- +goose Up

-- By when the buyer was told that the seller's people contact them, and when those had made the account ready; 0: nothing is
-- done by hand, or it is not done yet.
alter table registration add column due_us bigint not null default 0;
alter table registration add column ready_us bigint not null default 0;

-- 1 while the account that the licence belongs to is being made ready.
alter table license add column setting_up bigint not null default 0;

-- +goose Down
alter table license drop column setting_up;
alter table registration drop column ready_us;
alter table registration drop column due_us;
