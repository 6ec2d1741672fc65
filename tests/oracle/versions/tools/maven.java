import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;

/** Maven's own `ComparableVersion`, which takes every text. */
class Maven {
    public static void main(String[] arguments) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            var pair = line.split("\t");
            int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            System.out.println("yy" + "<=>".charAt(Integer.signum(order) + 1));
        }
    }
}
