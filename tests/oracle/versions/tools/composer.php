<?php
// Composer's `composer/semver`. A branch is no version: its order among versions is none.
require getenv("COMPOSER_SEMVER") . "/autoload.php";
$parser = new Composer\Semver\VersionParser();
function read($parser, $text) {
    try {
        $normal = $parser->normalize($text);
    } catch (UnexpectedValueException $error) {
        return null;
    }
    return preg_match('/^dev-|\.9999999-dev$/', $normal) ? null : $normal;
}
while (($line = fgets(STDIN)) !== false) {
    [$one, $other] = array_map(fn($text) => read($parser, $text), explode("\t", rtrim($line, "\n")));
    $order = "-";
    if ($one !== null && $other !== null) {
        $order = "<=>"[Composer\Semver\Comparator::lessThan($one, $other) ? 0 : (Composer\Semver\Comparator::equalTo($one, $other) ? 1 : 2)];
    }
    echo ($one !== null ? "y" : "n"), ($other !== null ? "y" : "n"), $order, "\n";
}
