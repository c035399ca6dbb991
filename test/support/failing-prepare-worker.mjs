// A prepare thread that cannot even load.
throw new Error('this module never loads');
