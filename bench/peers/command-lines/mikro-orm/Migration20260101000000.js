'use strict';
const { Migration } = require('@mikro-orm/migrations');

exports.Migration20260101000000 = class extends Migration {
  async up() {
    this.addSql('create table `first` (`id` int primary key);');
  }
};
