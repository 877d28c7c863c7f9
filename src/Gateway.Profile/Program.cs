// Writes a profile of the methods that a start needs: crossgen compiles what it names, and else only what it sees called.
//   Gateway.Profile LIST ASSEMBLIES OUTPUT
// LIST has a method a line, as the JIT writes it; ASSEMBLIES the path of an assembly a line. What is no more is left out and counted.
using Gateway.Profile;

var assemblies = File.ReadLines(args[1]).Where(File.Exists).Select(path => new ScannedAssembly(path)).ToList();
var types = assemblies.SelectMany(assembly => assembly.Types).ToLookup(type => type.Name, StringComparer.Ordinal);
var profile = new ProfileWriter(types);
var (found, missing) = (0, 0);
foreach (var line in File.ReadLines(args[0]).Select(MethodName.Parse))
{
    if (profile.Add(line))
    {
        found++;
    }
    else
    {
        missing++;
    }
}

profile.Save(args[2]);
assemblies.ForEach(assembly => assembly.Dispose());
Console.WriteLine($"{found} methods of the start are compiled ahead; {missing} are no more.");
