//! The tables, as diesel sees them on every database: for the application's own queries.
//!
//! ```
//! use diesel::prelude::*;
//! use microsoft_sso::{User, schema::users};
//!
//! diesel::table! {
//!     orders (id) {
//!         id -> BigInt,
//!         user_id -> BigInt,
//!         title -> Text,
//!     }
//! }
//!
//! # #[cfg(feature = "sqlite")]
//! fn buyers(conn: &mut SqliteConnection) -> QueryResult<Vec<User>> {
//!     let buyers: Vec<i64> = orders::table.select(orders::user_id).load(conn)?;
//!     users::table
//!         .filter(users::id.eq_any(buyers))
//!         .select(User::as_select())
//!         .load(conn)
//! }
//! ```
//!
//! For a join, diesel needs both tables declared in one crate: let `diesel print-schema` declare
//! `users` beside your tables, and load a [`User`](crate::User) from its columns in this order.
//!
//! ```
//! # use diesel::prelude::*;
//! # use microsoft_sso::User;
//! # diesel::table! { orders (id) { id -> BigInt, user_id -> BigInt, title -> Text, } }
//! # diesel::table! { users (id) {
//! #     id -> BigInt, username -> Text, email -> Text, first_name -> Text, last_name -> Text,
//! #     password -> Text, is_active -> Bool, is_staff -> Bool, is_superuser -> Bool,
//! #     date_joined -> Timestamp, last_login -> Nullable<Timestamp>,
//! #     session_generation -> BigInt, email_verified -> Bool,
//! # } }
//! # diesel::joinable!(orders -> users (user_id));
//! # diesel::allow_tables_to_appear_in_same_query!(orders, users);
//! # #[cfg(feature = "sqlite")]
//! fn orders_with_users(conn: &mut SqliteConnection) -> QueryResult<Vec<(String, User)>> {
//!     use self::users::dsl::*;
//!     let user = (
//!         id, username, email, first_name, last_name, is_active, is_staff, is_superuser,
//!         date_joined, last_login, session_generation, email_verified,
//!     );
//!     orders::table
//!         .inner_join(users)
//!         .select((orders::title, user))
//!         .load(conn)
//! }
//! # fn main() {}
//! ```

#![allow(
    missing_docs,
    reason = "`table!` makes the items, and the migrations document them"
)]

diesel::table! {
    /// Users.
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
        session_generation -> BigInt,
        email_verified -> Bool,
    }
}

diesel::table! {
    /// The Microsoft accounts of the users, by (`tid`, `oid`).
    microsoft_sso_identities (tenant_id, object_id) {
        tenant_id -> Text,
        object_id -> Text,
        subject -> Text,
        user_id -> BigInt,
        email -> Nullable<Text>,
        user_principal_name -> Nullable<Text>,
        is_guest -> Nullable<Bool>,
    }
}

diesel::table! {
    /// Microsoft's data about the users, one to one.
    microsoft_sso_users (user_id) {
        user_id -> BigInt,
        microsoft_id -> Text,
        locale -> Nullable<Text>,
        picture_raw -> Nullable<Binary>,
        picture_sha256 -> Nullable<Text>,
    }
}

diesel::table! {
    /// Sessions, sealed, by the time and a hash of their key.
    microsoft_sso_sessions (id) {
        id -> Text,
        state -> Binary,
        user_id -> Nullable<Text>,
        tenant_id -> Nullable<Text>,
        sid -> Nullable<Text>,
        expires_at -> BigInt,
        user_number -> Nullable<BigInt>,
        generation -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// The refresh tokens of sessions, sealed, with the setting `recheck`.
    microsoft_sso_tokens (id) {
        id -> Text,
        user_id -> Text,
        sid -> Nullable<Text>,
        refresh_token -> Binary,
        roles -> Nullable<Text>,
        due_at -> BigInt,
        failing_since -> Nullable<BigInt>,
        leased_until -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::joinable!(microsoft_sso_identities -> users (user_id));
diesel::joinable!(microsoft_sso_users -> users (user_id));
diesel::joinable!(microsoft_sso_sessions -> users (user_number));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    microsoft_sso_identities,
    microsoft_sso_users,
    microsoft_sso_sessions,
);
