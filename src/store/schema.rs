//! The tables, as diesel sees them on every database.

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        email -> Text,
        first_name -> Text,
        last_name -> Text,
        password -> Text,
        is_active -> Bool,
        is_staff -> Bool,
        is_superuser -> Bool,
        date_joined -> Timestamp,
        last_login -> Nullable<Timestamp>,
    }
}

diesel::table! {
    microsoft_sso_identities (tenant_id, object_id) {
        tenant_id -> Text,
        object_id -> Text,
        subject -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    microsoft_sso_users (user_id) {
        user_id -> BigInt,
        microsoft_id -> Text,
        locale -> Nullable<Text>,
        picture_raw -> Nullable<Binary>,
        picture_sha256 -> Nullable<Text>,
    }
}

diesel::table! {
    microsoft_sso_sessions (id) {
        id -> Text,
        state -> Binary,
        user_id -> Nullable<Text>,
        tenant_id -> Nullable<Text>,
        sid -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::joinable!(microsoft_sso_identities -> users (user_id));
diesel::joinable!(microsoft_sso_users -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, microsoft_sso_identities, microsoft_sso_users);
