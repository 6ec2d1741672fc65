using System;
using System.Reflection;

/// NuGet's own `NuGetVersion`, out of the `nuget.exe` that the first argument names.
class NuGetOracle
{
    static void Main(string[] arguments)
    {
        var type = Assembly.LoadFrom(arguments[0]).GetType("NuGet.Versioning.NuGetVersion", true);
        var read = type.GetMethod("TryParse", new[] { typeof(string), type.MakeByRefType() });
        for (string line; (line = Console.ReadLine()) != null;)
        {
            var pair = line.Split('\t');
            var versions = new IComparable[2];
            for (var place = 0; place < 2; place++)
            {
                var call = new object[] { pair[place], null };
                if ((bool)read.Invoke(null, call)) versions[place] = (IComparable)call[1];
            }
            var order = versions[0] == null || versions[1] == null ? "-" : "<=>".Substring(Math.Sign(versions[0].CompareTo(versions[1])) + 1, 1);
            Console.WriteLine((versions[0] == null ? "n" : "y") + (versions[1] == null ? "n" : "y") + order);
        }
    }
}
