<?php
$words = [];
foreach (file("words.txt", FILE_IGNORE_NEW_LINES) as $line) {
	[$key, $field, $value] = explode(" ", $line);
	$words[$key][$field][] = "$value:$line";
}
ksort($words);
$out = [];
foreach ($words as $key => $fields)
	$out[] = strtoupper($key) . json_encode($fields);
echo md5(implode("\n", $out)), "\n";
