//! A person who works with this service, and what he may do.

use std::fmt;

use super::{Secret, source::check_tokens};
use crate::knowledge::ShopId;

/// The person who is there from the start, when none is named: an administrator.
pub const FIRST_PERSON: &str = "admin";

/// What somebody does in the house. It decides what he may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 客服: answers customers.
    Agent,
    /// 主管: leads agents.
    Supervisor,
    /// 审核人: approves.
    Reviewer,
    /// 仓库: packs and sends.
    Warehouse,
    /// 财务: pays.
    Finance,
    /// 运营: runs shops.
    Operations,
    /// 编辑: writes scripts.
    Editor,
    /// 管理员: runs this service.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Agent,
        Self::Supervisor,
        Self::Reviewer,
        Self::Warehouse,
        Self::Finance,
        Self::Operations,
        Self::Editor,
        Self::Admin,
    ];

    /// As it is written in settings and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Reviewer => "reviewer",
            Self::Warehouse => "warehouse",
            Self::Finance => "finance",
            Self::Operations => "operations",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "客服",
            Self::Supervisor => "主管",
            Self::Reviewer => "审核人",
            Self::Warehouse => "仓库",
            Self::Finance => "财务",
            Self::Operations => "运营",
            Self::Editor => "编辑",
            Self::Admin => "管理员",
        }
    }

    /// Reads either.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.code() == text || role.name() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Somebody who may sign in with a bearer token of his own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// His name, as the shift table and the chats write it.
    pub name: String,
    /// What he does.
    pub roles: Vec<Role>,
    /// The shops he works in; `None`: all, those that come later too.
    pub shops: Option<Vec<ShopId>>,
    /// His tokens: several while one is being replaced.
    pub tokens: Vec<Secret>,
}

impl Person {
    /// Takes roles, or says what is wrong.
    pub(super) fn take_roles<'a>(
        &mut self,
        roles: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        self.roles.clear();
        for text in roles {
            let role = Role::parse(text).ok_or("this is no role")?;
            if !self.roles.contains(&role) {
                self.roles.push(role);
            }
        }
        Ok(())
    }

    /// Takes shops, or says what is wrong.
    pub(super) fn take_shops<'a>(
        &mut self,
        shops: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        let shops: Vec<ShopId> = shops.into_iter().map(|shop| shop.trim().into()).collect();
        if shops.iter().any(|shop| shop.as_str().is_empty()) {
            return Err("a shop's id is not empty".to_owned());
        }
        self.shops = Some(shops);
        Ok(())
    }

    /// Takes his name, or says what is wrong.
    pub(super) fn take_name(&mut self, name: &str) -> Result<(), String> {
        let name = name.trim();
        if !(1..=40).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err("a name has 1 to 40 characters on one line".to_owned());
        }
        self.name = name.to_owned();
        Ok(())
    }

    /// Takes bearer tokens, or says what is wrong.
    pub(super) fn take_tokens(&mut self, tokens: Vec<Secret>) -> Result<(), String> {
        check_tokens(&tokens)?;
        self.tokens.extend(tokens);
        Ok(())
    }
}

/// Whether the entry of a person may be called so. His name is the same unless it says another.
pub(super) fn entry_fits(name: &str) -> bool {
    (1..=40).contains(&name.chars().count())
        && !name
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == ',')
}

pub(super) const ROLES_MEND: &str =
    "write some of: agent, supervisor, reviewer, warehouse, finance, operations, editor, admin";
pub(super) const SHOPS_MEND: &str =
    "write ids of shops.yaml, such as [\"main\"]; leave it out for all shops";
pub(super) const NAME_MEND: &str = "write the name as the shift table does, such as \"小美\"";
