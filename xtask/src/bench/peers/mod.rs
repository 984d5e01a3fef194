//! Peers: the nearest same job of others, each installed from its registry in one version (`bench/peers`).

pub(super) mod better_auth;
pub(super) mod django_hijack;
pub(super) mod oidc_provider;
