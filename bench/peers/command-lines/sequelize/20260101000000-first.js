'use strict';

module.exports = {
  up: (queryInterface, Sequelize) =>
    queryInterface.createTable('first', { id: { type: Sequelize.INTEGER, primaryKey: true } }),
  down: (queryInterface) => queryInterface.dropTable('first'),
};
