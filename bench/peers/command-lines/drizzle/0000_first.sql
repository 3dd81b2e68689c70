CREATE TABLE `first` (`id` int NOT NULL, PRIMARY KEY (`id`));
